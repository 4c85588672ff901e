"""The Redis commands that have no row in the table of commands: those that others do, and those refused.

Together with the table it accounts for every command of Redis and Valkey on the types that fields
have; a test asks each server for its list. `docs/commands.md` is made from it (`make commands`).
"""

from __future__ import annotations

from typing import NamedTuple


class Successor(NamedTuple):
    """The method that does the work of a command.

    Attributes:
        method: the method of a field that offers it, under its own name.
        command: the Redis command that is sent.
    """

    method: str
    command: str


SUCCEEDED = {
    "BRPOPLPUSH": Successor("brpoplpush", "BLMOVE"),
    "DECR": Successor("decr", "DECRBY"),
    "GEORADIUS": Successor("georadius", "GEORADIUS_RO"),
    "GEORADIUSBYMEMBER": Successor("georadiusbymember", "GEORADIUSBYMEMBER_RO"),
    "HMSET": Successor("hmset", "HSET"),
    "INCR": Successor("incr", "INCRBY"),
    "RPOPLPUSH": Successor("rpoplpush", "LMOVE"),
    "SUBSTR": Successor("substr", "GETRANGE"),
}

_REASONS = {
    "It works on several objects at once; use values, a pipeline or bulk_update. "
    "For several entries of one object's hash, use hmget and hmset.": (
        "MGET",
        "MSET",
        "MSETEX",
        "MSETNX",
    ),
    "It would remove the value from its object without updating its indexes.": (
        "MIGRATE",
        "MOVE",
        "RENAME",
        "RENAMENX",
    ),
    "It would put a value of any type under a field's key.": ("RESTORE",),
    "It does not take a key; use scan_keys and scan_model_keys.": ("KEYS", "RANDOMKEY", "SCAN"),
    "It does not take a key; it waits for replicas or the disk.": ("WAIT", "WAITAOF"),
    "It is for developers of the server.": ("PFDEBUG", "PFSELFTEST"),
    "It needs Redis 8.4, on which limpyd is not tested yet; on servers with DELIFEQ, delifeq does the same as DELEX.": (
        "DELEX",
        "DIGEST",
    ),
}

REFUSED_OPTIONS = {
    ("COPY", "DB"): "A RedisDatabase is one database of the server.",
    ("GEOSEARCH", "BYPOLYGON"): "redis-py has no argument for it; pass a radius, or width and height.",
    ("GEOSEARCHSTORE", "BYPOLYGON"): "redis-py has no argument for it; pass a radius, or width and height.",
    ("GEORADIUS_RO", "WITHHASH"): "GEORADIUS is deprecated; geosearch_details returns the hash.",
    ("GEORADIUSBYMEMBER_RO", "WITHHASH"): "GEORADIUSBYMEMBER is deprecated; geosearch_details returns the hash.",
    ("XCLAIM", "LASTID"): "It is for replicas.",
}

REFUSED = {name: reason for reason, names in _REASONS.items() for name in names}
