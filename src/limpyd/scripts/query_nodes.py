"""Conditions of queries, alone or combined, as scripts read them (see lua/library/query.lua)."""

from __future__ import annotations

from collections.abc import Sequence

from limpyd.scripts.query_values import Arguments, Stored


class Node:
    """A condition, or several combined."""

    __slots__ = ()

    def add_to(self, arguments: Arguments) -> None:
        """Adds its arguments."""
        raise NotImplementedError


class Everything(Node):
    """Every object meets it."""

    __slots__ = ()

    def add_to(self, arguments: Arguments) -> None:
        arguments.args.append(b"all")


class All(Node):
    """Objects that meet all of some conditions."""

    __slots__ = ("nodes",)
    word = b"and"

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = tuple(nodes)

    def add_to(self, arguments: Arguments) -> None:
        arguments.args += (self.word, b"%d" % len(self.nodes))
        for node in self.nodes:
            node.add_to(arguments)


class Either(All):
    """Objects that meet at least one of some conditions."""

    __slots__ = ()
    word = b"or"


class Not(Node):
    """Objects that do not meet a condition."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def add_to(self, arguments: Arguments) -> None:
        arguments.args.append(b"not")
        self.node.add_to(arguments)


class Via(Node):
    """Objects that refer to an object of another model that meets conditions.

    Attributes:
        key: the index that finds the objects that refer to an object.
        stored: the values of the field.
        referred: the set of primary keys of the other model.
        kind: the kind of that index, one of lua/library/index_owners.
        node: the conditions on the other model.
    """

    __slots__ = ("key", "kind", "node", "referred", "stored")

    def __init__(self, referred: bytes, kind: bytes, key: bytes, stored: Stored, node: Node) -> None:
        self.referred = referred
        self.kind = kind
        self.key = key
        self.stored = stored
        self.node = node

    @property
    def many(self) -> bool:
        """True if an object may refer to several."""
        return self.stored.stored not in {b"entry", b"string"}

    def add_to(self, arguments: Arguments) -> None:
        arguments.args += (b"via", self.referred, self.kind, self.key, *self.stored[:3])
        self.node.add_to(arguments)


class Empty(Node):
    """Objects that have no value in a field.

    Attributes:
        stored: the values of the field.
        index: the key of a sorted set that has one entry for each object with a value; empty if there is none.
    """

    __slots__ = ("index", "stored")

    def __init__(self, stored: Stored, index: bytes = b"") -> None:
        self.stored = stored
        self.index = index

    def add_to(self, arguments: Arguments) -> None:
        arguments.args += (b"null", *self.stored[:3], self.index)


class ListedIn(Node):
    """Objects whose primary key is a member of a set, list or sorted set.

    Attributes:
        key: its key.
        required: true for a stored collection, which must exist; if it has expired, the query is refused.
        is_set: true if it is known to be a set.
        joins: true if one command may name it together with keys of the model.
        found: true if the members of a list were found before, so that the list is not read again.
    """

    __slots__ = ("found", "is_set", "joins", "key", "required")

    def __init__(self, key: bytes, *, required: bool = False, is_set: bool = False, found: bool = False) -> None:
        self.key = key
        self.required = required
        self.is_set = is_set
        self.joins = False
        self.found = found

    def add_to(self, arguments: Arguments) -> None:
        role = b"found" if self.found else b"%d" % self.required
        arguments.args += (b"listed", self.key, role, int(self.joins))
