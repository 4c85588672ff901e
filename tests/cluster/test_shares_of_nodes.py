"""Each node of a cluster gets its share of the work, and more nodes do not make more work."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.nodes import SIZES, shares_on, table
from limpyd import RedisDatabase
from tests.support.node_shares import PARTITIONS, WORK, shares
from tests.support.servers import NEWEST

MOST = 1.15
"""The most that the busiest node may get, as a multiple of an even share."""
PAGE = Path(__file__).parents[2] / "docs" / "partitions.md"


@pytest.fixture(scope="module")
def found(clusters):
    three = clusters(NEWEST)
    database = RedisDatabase(nodes=three.addresses)
    on_three = shares(database, three.nodes)
    database.close()
    three.restore()
    return {nodes: on_three if nodes == len(three.nodes) else shares_on(nodes) for nodes in SIZES}


@pytest.mark.parametrize("name", WORK)
def test_the_busiest_node(found, name):
    for nodes in SIZES:
        assert found[nodes][name].unevenness <= MOST, f"{nodes} nodes: {found[nodes][name].requests}"


@pytest.mark.parametrize("name", WORK)
def test_the_requests_of_all_nodes(found, name):
    expected = PARTITIONS if name in {"count", "page"} else 1
    assert {nodes: found[nodes][name].per_call for nodes in SIZES} == dict.fromkeys(SIZES, expected)


def test_the_table_of_the_documentation(found):
    assert table(found) in PAGE.read_text()
