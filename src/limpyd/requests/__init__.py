"""Requests as values: what is sent, and how its reply is read."""
