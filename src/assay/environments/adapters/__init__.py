"""Worlds as other programs want them: each file one client, none of which is imported."""
