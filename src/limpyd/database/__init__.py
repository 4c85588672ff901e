"""Databases: how they are reached, and which models are declared on them."""

from limpyd.database.core import DEFAULT_CONNECTION_SETTINGS, MAX_CHANGES, Database, Lock
from limpyd.database.sync import RedisDatabase

__all__ = ["DEFAULT_CONNECTION_SETTINGS", "MAX_CHANGES", "Database", "Lock", "RedisDatabase"]
