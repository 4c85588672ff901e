"""Conditions of queries, single or combined, as scripts read them (see lua/library/query.lua)."""

from __future__ import annotations

from collections.abc import Sequence

from limpyd.scripts.query_values import Arguments, Stored


class Node:
    """A condition, or several combined."""

    __slots__ = ()

    def add_to(self, arguments: Arguments) -> None:
        """Adds its arguments to those of a query."""
        raise NotImplementedError


class Everything(Node):
    """The condition that every object meets."""

    __slots__ = ()

    def add_to(self, arguments: Arguments) -> None:
        arguments.args.append(b"all")


class All(Node):
    """The condition that an object meets all of some conditions."""

    __slots__ = ("nodes",)
    word = b"and"

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = tuple(nodes)

    def add_to(self, arguments: Arguments) -> None:
        arguments.args += (self.word, b"%d" % len(self.nodes))
        for node in self.nodes:
            node.add_to(arguments)


class Either(All):
    """The condition that an object meets at least one of some conditions."""

    __slots__ = ()
    word = b"or"


class Not(Node):
    """The condition that an object does not meet another one."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def add_to(self, arguments: Arguments) -> None:
        arguments.args.append(b"not")
        self.node.add_to(arguments)


class Via(Node):
    """The condition that an object refers to one of another model that meets a condition.

    Attributes:
        key: the index that finds the objects that refer to an object.
        stored: where the values of the field are stored.
        referred: the set of primary keys of the other model.
        kind: the kind of that index, one of lua/library/index_owners.
        node: the condition on the other model.
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
        """True if an object may refer to several objects."""
        return self.stored.stored not in {b"entry", b"string"}

    def add_to(self, arguments: Arguments) -> None:
        arguments.args += (b"via", self.referred, self.kind, self.key, *self.stored[:3])
        self.node.add_to(arguments)


class Empty(Node):
    """The condition that an object has no value in a field.

    Attributes:
        stored: where the values of the field are stored.
        index: the key of a sorted set that has one entry for each object with a value; empty if there is none.
    """

    __slots__ = ("index", "stored")

    def __init__(self, stored: Stored, index: bytes = b"") -> None:
        self.stored = stored
        self.index = index

    def add_to(self, arguments: Arguments) -> None:
        arguments.args += (b"null", *self.stored[:3], self.index)


class ListedIn(Node):
    """The condition that the primary key of an object is in a set, list or sorted set.

    Attributes:
        key: its key.
        required: true for a stored collection, which must exist; if it has expired, the query is refused.
        is_set: true if it is known to be a set.
        joins: true if one command may contain this key and keys of the model.
        found: true if the members of a list were read before, so that the list is not read again.
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
