"""Prepared statements: declarations are compiled once, and a call only fills in its values."""
