"""Databases: how they are reached, and which models are declared on them."""

from limpyd.database.sync import DEFAULT_CONNECTION_SETTINGS, MAX_CHANGES, Database, Lock, RedisDatabase

__all__ = ["DEFAULT_CONNECTION_SETTINGS", "MAX_CHANGES", "Database", "Lock", "RedisDatabase"]
