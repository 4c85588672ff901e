"""Compares random steps with plain Python, or with what the keys say.

    python -m tests.faults.programs.random_steps SERVER KIND STEPS [SEED] [lazily]

KIND is `changes` (of objects, and the entries of their feeds: tests/support/random_changes.py), `objects` that expire
(tests/support/random_expiry.py), `values` that do (tests/support/random_lapsing.py), or `references` to objects that
expire (tests/support/random_targets.py). Runs on both faces, with one partition and with four; of what expires, two of
these cases also renew the deadlines of objects; those who refer have hash tags of their own, or that of what they refer
to. With `lazily` the server frees no value before somebody asks for it (DEBUG SET-ACTIVE-EXPIRE 0). Prints for each how
many steps there were, what they met, and what was wrong.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from tests.support.face import Face
from tests.support.random_changes import RandomChanges
from tests.support.random_expiry import RandomExpiry
from tests.support.random_lapsing import RandomLapsing
from tests.support.random_targets import RandomTargets
from tests.support.servers import running


def steps_of(kind: str, face: Face, partitions: int, seed: int) -> Any:
    """The steps of a kind on one face, with a number of partitions."""
    renews = face.is_async == (partitions > 1)
    if kind == "changes":
        return RandomChanges(face, partitions, seed)
    if kind == "objects":
        return RandomExpiry(face, partitions, seed, renews=renews)
    if kind == "references":
        return RandomTargets(face, seed, colocated=partitions > 1)
    return RandomLapsing(face, partitions, seed, objects_expire=renews)


async def main(server: str, kind: str, steps: int, seed: int, *, lazily: bool) -> bool:
    """Makes so many steps on each face, with each number of partitions; returns whether all was right."""
    right = True
    with running(server, "--enable-debug-command", "yes") as one:
        for name in ("sync", "async"):
            for partitions in (1, 4):
                face = Face(name, one)
                face.client.flushall()
                face.client.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", int(not lazily))
                compared = steps_of(kind, face, partitions, seed)
                await compared.run(steps)
                found = dict((await face.do(face.database.check())).found)
                print(
                    f"{server}, {name}, {partitions} partitions: {compared.steps} steps, {compared.summary}", end=", "
                )
                print(f"wrong: {compared.wrong[:3]}, check: {found}", flush=True)
                right = right and not compared.wrong and not found
                await face.do(face.database.close())
                face.client.close()
    return right


if __name__ == "__main__":
    server, kind, steps, *more = sys.argv[1:]
    seed = int(next(iter(set(more) - {"lazily"}), "1"))
    sys.exit(not asyncio.run(main(server, kind, int(steps), seed, lazily="lazily" in more)))
