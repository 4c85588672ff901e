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
    "It works on several objects at once, for which bulk operations are to come; "
    "several entries of one object's hash are read and written with hmget and hmset.": (
        "MGET",
        "MSET",
        "MSETEX",
        "MSETNX",
    ),
    "It would take the value away from its object, past its indexes.": ("MIGRATE", "MOVE", "RENAME", "RENAMENX"),
    "It would put a value of any type under a field's key.": ("RESTORE",),
    "It looks for keys, and is not about one: see scan_keys and scan_model_keys.": ("KEYS", "RANDOMKEY", "SCAN"),
    "It waits for replicas or the disk, and is not about a key.": ("WAIT", "WAITAOF"),
    "It is for those who work on the server itself.": ("PFDEBUG", "PFSELFTEST"),
    "It is of Redis 8.4, on which limpyd is not tested yet; delifeq does what DELEX does, where it is known.": (
        "DELEX",
        "DIGEST",
    ),
}

REFUSED_OPTIONS = {
    ("COPY", "DB"): "A database of limpyd is one database of the server.",
    ("GEOSEARCH", "BYPOLYGON"): "redis-py has no name for it; a radius, or width and height, tell the area.",
    ("GEOSEARCHSTORE", "BYPOLYGON"): "redis-py has no name for it; a radius, or width and height, tell the area.",
    ("GEORADIUS_RO", "WITHHASH"): "GEORADIUS is deprecated; geosearch_details tells it.",
    ("GEORADIUSBYMEMBER_RO", "WITHHASH"): "GEORADIUSBYMEMBER is deprecated; geosearch_details tells it.",
    ("XCLAIM", "LASTID"): "It is for replicas.",
}

REFUSED = {name: reason for reason, names in _REASONS.items() for name in names}
