"""Scanning: all that a query finds, chunk by chunk."""
