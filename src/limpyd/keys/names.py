"""Names as bytes and as text, and keys made of them."""

from __future__ import annotations

import re

MAX_PARTITIONS = 256
"""The most partitions of a model."""
GLOB_SPECIAL = re.compile(rb"([*?\[\]\\^-])")


def to_bytes(text: str) -> bytes:
    """The bytes of a name or key; undoes `to_text` for any bytes."""
    return text.encode("utf-8", "surrogateescape")


def to_text(raw: bytes) -> str:
    """A name or key as text; bytes that are not UTF-8 survive as surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def encodable(text: str) -> bool:
    """Returns whether a text has a UTF-8 form."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def looks_like_partition(name: str) -> bool:
    """Returns whether a name looks like the end of the hash tag of a partition, such as `7` or `7.149`."""
    number, point, attempt = name.partition(".")
    if not _is_count(number) or int(number) >= MAX_PARTITIONS:
        return False
    return not point or (_is_count(attempt) and attempt != "0")


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text == "0" or not text.startswith("0"))


def literal_pattern(raw: bytes) -> bytes:
    """The glob pattern (for SCAN … MATCH) that matches exactly these bytes."""
    return GLOB_SPECIAL.sub(rb"\\\1", raw)


def key_from_template(template: bytes, name: bytes) -> bytes:
    """The key that a name makes of what stands around it, as lua/library/key_from_template.lua does it."""
    before, in_the_middle, after = template.partition(b"\0")
    return before + name + after if in_the_middle else template + name


def nothing_beside(key: bytes) -> bytes:
    """The key that is never written of the model, or partition, that a key belongs to (see Partition.nothing).

    Without a hash tag, as in the layout of limpyd 2, one that begins as the key does.
    """
    return (prefix_of(key) or key + b":") + b"nothing"


def prefix_of(key: bytes) -> bytes:
    """The prefix of a key: its hash tag, with what stands up to the next colon; empty if it has no hash tag."""
    if not key.startswith(b"{"):
        return b""
    return key[: key.find(b":", key.find(b"}")) + 1]


def matches(key: bytes, template: bytes) -> bool:
    """Returns whether a key may be made of a template by some name."""
    before, _, after = template.partition(b"\0")
    return key.startswith(before) and key.endswith(after)
