"""Random queries of a model of several partitions find what plain Python finds.

LIMPYD_QUERIES=20000     how many, over all numbers of partitions and faces (160 if it is not set)
LIMPYD_QUERY_SEED=…      makes those of one seed again, as a failure tells; with -k for its face and partitions
"""

from __future__ import annotations

import os

import pytest

from tests.support.amounts import amount
from tests.support.random_queries.run import asked

COUNTS = (4, 16)
QUERIES = amount("LIMPYD_QUERIES", 160) // (2 * len(COUNTS))
SEED = os.environ.get("LIMPYD_QUERY_SEED")
OF_ONE_SEED = 40


@pytest.mark.timeout(120 + QUERIES // 5)
@pytest.mark.parametrize("partitions", COUNTS)
async def test_queries(request, any_face, partitions):
    name = request.node.callspec.id
    seeds = [SEED] if SEED else [f"{name}-{number}" for number in range(max(1, round(QUERIES / OF_ONE_SEED)))]
    for seed in seeds:
        await asked(any_face, seed, OF_ONE_SEED, partitions=partitions)
