"""Maintenance of indexes: whether they are built, as far as a process knows; building and clearing them."""
