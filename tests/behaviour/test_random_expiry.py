"""Random steps on expiring objects against plain Python; more with tests/faults/programs/random_expiry.py."""

import pytest

from tests.support.random_expiry import RandomExpiry


@pytest.mark.parametrize("partitions", [1, 4])
async def test_as_plain_python_has_it(face, partitions):
    steps = RandomExpiry(face, partitions, seed=partitions, renews=partitions > 1)
    await steps.run(150)
    assert steps.wrong == []
    assert steps.met > 50  # expired objects that were not swept
