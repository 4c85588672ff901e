"""A program for a test: kills processes that rename a class, two at once, while old and new processes write.

    python -m tests.faults.programs.killed_renames PORT KILLS

Looks at the data, and prints how many were killed in the middle, and how many objects there are.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time

import redis

from limpyd import (
    EqualIndexWith,
    InstanceHashField,
    LimpydError,
    ListField,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
)
from tests.support.expected_indexes import inconsistencies

PORT, KILLS = int(sys.argv[1]), int(sys.argv[2])
OBJECTS = 400
MOST = 3000
"""So many objects at most are made by each side: what is found at the end is looked at in one script."""


def declare(name: str) -> type[RedisModel]:
    return type(
        name,
        (RedisModel,),
        {
            "database": RedisDatabase(port=PORT),
            "key": PKField(),
            "text": StringField(indexable=True),
            "only": InstanceHashField(unique=True),
            "first": InstanceHashField(indexes=[EqualIndexWith(other_fields=["text"], unique=True)]),
            "tags": SetField(indexable=True),
            "queue": ListField(indexable=True),
            "count": InstanceHashField(int),
        },
    )


def work(model, number, stop, made, counted):
    """Creates objects, and changes those that there are; keeps account of what was acknowledged."""
    rng = random.Random(number)
    while not stop.is_set():
        value = f"{number}-{len(made)}"
        if rng.random() < 0.2 and len(made) < MOST:
            created = model(
                key=value, text=value, only=value, first="x", tags=[value, "a"], queue=["a", "a", value], count=0
            )
            made[value] = created
        pk = str(rng.randrange(1, OBJECTS))
        try:
            thing = model.lazy_connect(pk)
            thing.count.hincrby(1)
            counted.append(pk)
            thing.tags.sadd(f"{number}")
            thing.queue.rpush("b")
        except LimpydError:
            pass  # it is where the other one has it


def renaming() -> int:
    """Starts a process that renames, and returns its pid."""
    child = os.fork()
    if child == 0:
        declare("New").rename_from("old")
        os._exit(0)
    return child


def main() -> None:
    random.seed(PORT)
    client = redis.Redis(port=PORT)
    old, new = declare("Old"), declare("New")
    old.bulk_create(
        {
            "key": str(n),
            "text": f"t{n}",
            "only": f"t{n}",
            "first": "x",
            "tags": ["a", str(n)],
            "queue": ["a", "a"],
            "count": 0,
        }
        for n in range(OBJECTS)
    )
    stop, made, counted = threading.Event(), [{}, {}], [[], []]
    writers = [
        threading.Thread(target=work, args=(model, number, stop, made[number], counted[number]))
        for number, model in enumerate((old, new))
    ]
    for writer in writers:
        writer.start()
    killed = 0
    while killed < KILLS:
        rivals = [renaming(), renaming()]
        for child in rivals:
            time.sleep(random.uniform(0, 0.06))
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            killed += os.WIFSIGNALED(status)
        if random.random() < 0.3 and len(made[0]) < MOST:  # more to do for the next one
            number = random.randrange(10**9)
            old.bulk_create(
                {"key": f"m{number}-{n}", "text": f"m{number}-{n}", "only": f"m{number}-{n}", "tags": ["a"]}
                for n in range(50)
            )
            made[0].update({f"m{number}-{n}": None for n in range(50)})
    stop.set()
    for writer in writers:
        writer.join()
    if any(os.waitpid(child, 0)[1] for child in (renaming(), renaming())):
        sys.exit("two at once: one failed")
    moved = new.rename_from("old")
    if moved.conflicts or moved.kept:
        sys.exit(f"conflicts: {moved.conflicts[:3]} {moved.kept[:3]}")
    wrong = inconsistencies(client, new)
    if wrong or client.keys("{old}*"):
        sys.exit(f"wrong: {wrong[:5]} {client.keys('{old}*')[:5]}")
    expected = {f"t{n}" for n in range(OBJECTS)} | made[0].keys() | made[1].keys()
    found = list(new.collection().values_list("only", flat=True))
    if sorted(found) != sorted(expected):
        sys.exit(f"lost {len(expected - set(found))}, too many {len(found) - len(expected)}")
    total = sum(count or 0 for count in new.collection().values_list("count", flat=True))
    if total != len(counted[0]) + len(counted[1]):
        sys.exit(f"counted {total}, acknowledged {len(counted[0]) + len(counted[1])}")
    print(killed, len(found), total)


if __name__ == "__main__":
    main()
