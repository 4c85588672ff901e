"""Every key name is made here.

A key is the hash tag of its model, then the kind, then identifiers (which cannot hold a colon),
and free text last; so whatever the free text holds, two different things never share a key.

    {blog:article}:pks                     set     all primary keys
    {blog:article}:seq                     string  last automatic primary key
    {blog:article}:hash:<pk>               hash    the hash fields of an instance
    {blog:article}:field:<field>:<pk>      any     any other field of an instance
    {blog:article}:eq:<field>:<value>      set     equality index: primary keys having the value
    {blog:article}:uniq:<field>            hash    unique field: value to primary key

The value under a key of a HashField is indexed as <length of the key>:<key>:<value>: both are free text.

What needs a key asks for it by partition: a model has one today, but nothing outside this module
knows that.
"""

from __future__ import annotations

import re
from functools import cached_property

from limpyd.exceptions import DeclarationError

GLOB_SPECIAL = re.compile(rb"([*?\[\]\\^-])")


def to_bytes(text: str) -> bytes:
    """The bytes of a name or key; undoes `to_text` for any bytes."""
    return text.encode("utf-8", "surrogateescape")


def to_text(raw: bytes) -> str:
    """A name or key as text; bytes that are not UTF-8 survive as surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def encodable(text: str) -> bool:
    """Whether a text has a UTF-8 form."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def literal_pattern(raw: bytes) -> bytes:
    """The glob pattern (for SCAN … MATCH) that matches exactly these bytes."""
    return GLOB_SPECIAL.sub(rb"\\\1", raw)


class Partition:
    """The keys of one partition of a model. All carry one hash tag, so live on one node."""

    def __init__(self, tag: bytes) -> None:
        self.prefix = b"{" + tag + b"}:"
        self.pks = self.prefix + b"pks"
        self.seq = self.prefix + b"seq"
        self.hash_prefix = self.prefix + b"hash:"
        self.nothing = self.prefix + b"nothing"
        """A key that is never written: what an object without a primary key reads."""

    def field_prefix(self, field: str) -> bytes:
        """Followed by a primary key: the key of a field of its own."""
        return b"%sfield:%s:" % (self.prefix, to_bytes(field))

    def equal_prefix(self, field: str) -> bytes:
        """Followed by a value: the key of the set of those who have it."""
        return b"%seq:%s:" % (self.prefix, to_bytes(field))

    def unique(self, field: str) -> bytes:
        """The hash from a unique field's values to their owners."""
        return b"%suniq:%s" % (self.prefix, to_bytes(field))

    @cached_property
    def pattern(self) -> bytes:
        """Matches every key of the partition, and no other key."""
        return literal_pattern(self.prefix) + b"*"


class ModelKeys:
    """Where a model's keys are."""

    def __init__(self, namespace: str, model: str) -> None:
        for what, text in (("namespace", namespace), ("model name", model)):
            if not isinstance(text, str) or not encodable(text):
                msg = f"the {what} {text!r} is no text that a key can hold"
                raise DeclarationError(msg)
            if "{" in text or "}" in text:
                msg = (
                    f"the {what} {text!r} holds a brace, which Redis Cluster reads as part of "
                    f"the hash tag of a key; choose a {what} without '{{' and '}}'"
                )
                raise DeclarationError(msg)
        if not model or ":" in model:
            msg = f"the model name {model!r} is empty or holds a colon, which separates it from its namespace"
            raise DeclarationError(msg)
        self.tag = f"{namespace}:{model}" if namespace else model
        self._only = Partition(to_bytes(self.tag))

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """All partitions; a query runs on each."""
        return (self._only,)

    def partition(self, _pk: bytes | None) -> Partition:
        """The partition where the object with this primary key lives; without one, where it will be made."""
        return self._only
