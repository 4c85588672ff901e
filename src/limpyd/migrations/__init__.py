"""Migrations: the objects of a model move, since a class or a field has another name now."""
