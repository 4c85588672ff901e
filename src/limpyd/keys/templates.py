"""Templates of the keys of dynamic fields: what all versions of one have in common, with a mark where the part goes.

A mark holds a NUL, which no name or part does, so no text is taken for one (see lua/library/dynamic_parts.lua).
"""

from __future__ import annotations

COUNTED = "\0n\1"
"""Marks where a part goes, after its length in bytes and a colon."""
BARE = "\0v\1"
"""Marks where a part goes as it is."""
SEPARATOR = b"\0\0"
"""Stands between the texts that describe a dynamic field to the scripts."""

_MARKS = (COUNTED.encode(), BARE.encode())


def is_template(key: bytes) -> bool:
    """Returns whether a key is the template of those of all versions."""
    return any(mark in key for mark in _MARKS)


def without_marks(key: bytes) -> bytes:
    """A template with a star where the part goes, to be read."""
    for mark in _MARKS:
        key = key.replace(mark, b"*")
    return key


def part_in(template: bytes, key: bytes, *, open_ended: bool = False) -> bytes | None:
    """The part of the version that a key belongs to; None if it is not made of the template.

    Args:
        template: the template.
        key: the key.
        open_ended: whether more may follow the template in the key.
    """
    counted, bare = _MARKS
    before, mark, after = template.partition(counted)
    if not mark:
        before, mark, after = template.partition(bare)
    if not mark or not key.startswith(before):
        return None
    rest = key[len(before) :]
    if mark == counted:
        length, colon, rest = rest.partition(b":")
        if not colon or not length.isdigit():
            return None
        part, rest = rest[: int(length)], rest[int(length) :]
        if len(part) != int(length):
            return None
    else:  # no part of the layout of limpyd 2 holds a colon
        colon_at = rest.find(b":")
        end = len(rest) if colon_at < 0 else colon_at
        suffix = after.partition(b":")[0]
        part, rest = rest[: end - len(suffix)], rest[end - len(suffix) :]
    return part if part and _fits(rest, after, open_ended=open_ended) else None


def _fits(rest: bytes, after: bytes, *, open_ended: bool) -> bool:
    """Returns whether the end of a key fits the end of the template."""
    head, around_sub_key, tail = after.partition(b"\0")
    if around_sub_key:
        return rest.startswith(head) and (tail.endswith(b":") or rest.endswith(tail))
    more = after if after.endswith(b":") else after + b":"
    return rest == after or ((open_ended or after.endswith(b":")) and rest.startswith(more))


def family_of(prefix: bytes, sub: bytes, inventory: bytes) -> bytes:
    """Returns the family of a dynamic field, which scripts take in the place of the prefix of a field's keys.

    Args:
        prefix: the template of what the keys of its versions begin with.
        sub: the template of their sub-keys, if they are in the hash of their object; else empty.
        inventory: what the keys of the sets of parts begin with.
    """
    return SEPARATOR.join((prefix, sub, inventory))
