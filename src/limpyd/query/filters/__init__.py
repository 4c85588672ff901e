"""Filters: what users write becomes conditions, or an error at the call."""
