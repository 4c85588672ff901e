"""Whether what a query finds is sure to exist. What something other than limpyd left in an index may be of nobody."""

from __future__ import annotations

from collections.abc import Sequence

from limpyd.keys import Partition
from limpyd.query.ordering import SortKey
from limpyd.scripts.leaves import All, Either, ListedIn, Node, OneOf


def everybody(where: Partition) -> OneOf:
    """Returns the condition that an object exists, which is met by the set of all."""
    return OneOf(b"eq", where.pks, (b"",))


def doubtful(where: Partition, nodes: Sequence[Node], order: Sequence[SortKey]) -> bool:
    """Tells whether a query may find primary keys of nobody, since it asks nothing but indexes."""
    if not nodes:
        return any(key.index_key(where) for key in order)
    for node in nodes:  # noqa: SIM110 - of one condition, as most queries have, a generator costs more
        if node.kind == b"pk" if type(node) is OneOf else _exists(node):
            return False
    return True


def _exists(node: Node) -> bool:
    """Tells whether a condition is met by objects that exist, and by no others."""
    if isinstance(node, OneOf):
        return node.kind == b"pk"
    if isinstance(node, All):
        return (all if isinstance(node, Either) else any)(map(_exists, node.nodes))
    return isinstance(node, ListedIn)
