"""Prepared statements: what a class declares is compiled once; a call only fills in values."""
