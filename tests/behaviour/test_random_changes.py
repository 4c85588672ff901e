"""Random writes to models with a feed of changes, compared with what the keys say.

LIMPYD_STEPS=20000    how many, in each case (60 if it is not set); see also tests/faults/programs/random_steps.py
"""

import pytest

from tests.support.amounts import amount
from tests.support.random_changes import RandomChanges

STEPS = amount("LIMPYD_STEPS", 60)


@pytest.mark.parametrize("partitions", [1, 4])
async def test_as_the_keys_have_it(any_face, partitions):
    steps = RandomChanges(any_face, partitions, seed=partitions)
    await steps.run(STEPS)
    assert steps.wrong == []
    assert steps.entries > STEPS // 3
