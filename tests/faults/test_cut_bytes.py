"""The conversations of a few operations, cut after some bytes (`programs/cut_bytes.py` takes each byte)."""

from __future__ import annotations

import pytest

from tests.support.forks import run

pytestmark = pytest.mark.each_face

SHORT = "from tests.faults.programs import cut_bytes as cuts; from tests.support.servers import running"


@pytest.mark.parametrize("face", ["sync", "async"])
def test_nothing_is_half_done_or_done_twice(face):
    program = (
        f"{SHORT}\nwith running('valkey-9.1') as server:\n"
        f"    for times, found in cuts.run(server, {face!r}, 293, ('incr', 'update', 'delete', 'bulk')):\n"
        "        assert times > 3 and found.done > 3, (times, found)\n"
        "        assert not found.broken(), found\n"
    )
    done = run("-c", program)
    assert done.returncode == 0, done.stderr
