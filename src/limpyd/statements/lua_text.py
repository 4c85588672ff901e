"""Names and keys as Lua. All declared names in scripts come from these functions."""

from __future__ import annotations

import re

from limpyd.keys import Partition
from limpyd.requests.resp import Argument

_ESCAPED = rb"[^A-Za-z0-9 _.:;,/<>=+*!?@#%&()\[\]{}|~^-]"


def literal(raw: bytes) -> str:
    """Returns the Lua literal for some bytes; it contains printable ASCII only."""
    return "'" + re.sub(_ESCAPED, lambda byte: b"\\%03d" % byte[0][0], raw).decode("ascii") + "'"


def key(partition: Partition, given: Argument) -> str:
    """Returns the expression of a key, or of the prefix of keys.

    The common prefix of all keys of the partition is the local `tag`, so models that are alike share a script. Keys of
    another model with the same hash tag begin with it.
    """
    raw = given if isinstance(given, bytes) else str(given).encode()
    if raw.startswith(partition.prefix):
        return f"tag .. {literal(raw[len(partition.prefix) :])}"
    hash_tag = partition.prefix[: partition.prefix.find(b"}") + 1]
    if hash_tag and raw.startswith(hash_tag):
        return f"string.match(tag, '^[^}}]*}}') .. {literal(raw[len(hash_tag) :])}"
    return literal(raw)


def key_of(partition: Partition, template: bytes, name: str) -> str:
    """Returns the expression of a key (see keys.key_from_template); the name is an expression itself."""
    before, in_the_middle, after = template.partition(b"\0")
    made = f"{key(partition, before)} .. {name}"
    return f"{made} .. {literal(after)}" if in_the_middle else made


def tag(partition: Partition) -> str:
    """Returns the line that makes the local `tag` from KEYS[1], the set of primary keys."""
    return f"local tag = string.sub(KEYS[1], 1, {-1 - len(partition.pks) + len(partition.prefix)})"
