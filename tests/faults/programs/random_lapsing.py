"""Compares values that expire with plain Python at random steps (see tests/support/random_lapsing.py).

    python -m tests.faults.programs.random_lapsing SERVER STEPS [SEED]

Runs on both faces, with one partition and with four; in two of these cases the objects have deadlines, too. Prints for
each how many steps there were, how often a value whose deadline was over could have been found, and what was wrong.
"""

from __future__ import annotations

import asyncio
import sys

from tests.support.face import Face
from tests.support.random_lapsing import RandomLapsing
from tests.support.servers import running


async def main(server: str, steps: int, seed: int) -> bool:
    """Makes so many steps on each face, with each number of partitions; returns whether all was right."""
    right = True
    with running(server) as one:
        for name in ("sync", "async"):
            for partitions in (1, 4):
                face = Face(name, one)
                face.client.flushall()
                compared = RandomLapsing(face, partitions, seed, objects_expire=(name == "sync") == (partitions == 1))
                await compared.run(steps)
                report = await face.do(compared.model.check())
                print(
                    f"{server}, {name}, {partitions} partitions: {compared.steps} steps, {compared.met} met", end=", "
                )
                print(f"wrong: {compared.wrong[:2]}, check: {dict(report.found)}", flush=True)
                right = right and not compared.wrong and not report.found
                await face.do(face.database.close())
                face.client.close()
    return right


if __name__ == "__main__":
    sys.exit(not asyncio.run(main(sys.argv[1], int(sys.argv[2]), int((sys.argv[3:] or ["1"])[0]))))
