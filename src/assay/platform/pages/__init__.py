"""Doors for people: each reads the request, asks a query, calls an action, answers with a page."""
