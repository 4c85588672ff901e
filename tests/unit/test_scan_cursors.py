"""Cursors of the scans of conditions, and the nodes that the server gets from there on."""

from __future__ import annotations

import pytest

from limpyd.indexes.equality import SETS
from limpyd.indexes.ranges import NUMBER_KIND
from limpyd.query.scanning.cursors import first_cursor, resumed
from limpyd.scripts.index_nodes import Interval, OneOf, Within
from limpyd.scripts.query_values import Stored
from tests.support.counting import calls

NODES = {
    "texts": lambda size: OneOf(SETS, b"key", [b"%d" % number for number in range(size)], Stored(b"", b"")),
    "numbers": lambda size: Within(
        NUMBER_KIND,
        b"key",
        Stored(b"", b""),
        [Interval(b"[", b"%d" % number, b"]", b"%d" % number) for number in range(size)],
    ),
}


@pytest.mark.parametrize("name", NODES)
def test_a_chunk_costs_the_same_however_many_values_there_are(name):
    made = {}
    for size in (100, 10_000):
        node = NODES[name](size)
        cursor = first_cursor([node], 20)
        assert cursor == b"v0;"
        made[size] = calls(lambda n=node, c=cursor: resumed(n, c, 20))
        told = resumed(node, b"v40;", 20).node
        assert len(told.texts if name == "texts" else told.intervals) == 20
    assert made[10_000] == made[100]
