"""Random steps on models in the same partitions."""

from __future__ import annotations

import pytest

from limpyd import RedisDatabase, RedisModel
from tests.support.colocated import family
from tests.support.random_family import RandomFamily

STEPS = 120


@pytest.mark.parametrize("count", [1, 4])
def test_random_steps(one_server, count):
    database = RedisDatabase(port=one_server.port)
    steps = RandomFamily(family(RedisModel, database, count), seed=count)
    for _ in range(STEPS):
        steps.step()
    steps.compare()
    report = database.check()
    assert report.ok
    assert report.objects == len(steps.orders) + len(steps.lines) + len(steps.notes)
    assert steps.refused > (5 if count > 1 else 0)
    database.close()
