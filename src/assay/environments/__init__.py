"""Worlds for agents: places where things break, time passes, and the score is right."""
