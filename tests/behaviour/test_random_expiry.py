"""Random steps on expiring objects, on references to them, and on values that expire, against plain Python.

LIMPYD_STEPS=20000    how many, in each case (150 if it is not set); see also tests/faults/programs/random_steps.py
"""

import pytest

from tests.support.amounts import amount
from tests.support.random_expiry import RandomExpiry
from tests.support.random_lapsing import RandomLapsing
from tests.support.random_targets import RandomTargets

STEPS = amount("LIMPYD_STEPS", 150)


@pytest.mark.parametrize("partitions", [1, 4])
async def test_as_plain_python_has_it(face, partitions):
    steps = RandomExpiry(face, partitions, seed=partitions, renews=partitions > 1)
    await steps.run(STEPS)
    assert steps.wrong == []
    assert steps.met > STEPS // 3  # expired objects that were not swept


@pytest.mark.parametrize("colocated", [False, True])
async def test_references_to_objects_that_expire(face, colocated):
    if face.client.info("cluster")["cluster_enabled"] and not colocated:
        pytest.skip("a transaction cannot have keys of several slots")
    steps = RandomTargets(face, seed=7 + colocated, colocated=colocated)
    await steps.run(STEPS)
    assert steps.wrong == []
    assert steps.met  # they were the first after a deadline
    for model in vars(steps.models).values():
        assert not (await face.do(model.check())).found


@pytest.mark.parametrize("partitions", [1, 4])
async def test_values_that_expire(face, partitions):
    steps = RandomLapsing(face, partitions, seed=partitions, objects_expire=partitions > 1)
    await steps.run(STEPS)
    assert steps.wrong == []
    assert steps.met > STEPS // 3  # values whose deadline was over, and that were not removed
