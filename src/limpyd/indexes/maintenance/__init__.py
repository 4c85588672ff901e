"""Maintenance of indexes: building and clearing them, and the knowledge of which are built."""
