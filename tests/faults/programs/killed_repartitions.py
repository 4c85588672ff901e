"""A program for a test: kills processes that repartition a model, two at once, while processes with the old and the new
number write.

    python -m tests.faults.programs.killed_repartitions PORT KILLS [cluster]

Each round goes to twice as many partitions. After each, all objects are compared with what was acknowledged, and
checked. Prints how many processes were killed in the middle, how many rounds there were, and how many writes.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from typing import Any

from limpyd import InstanceHashField, ListField, PKField, RedisDatabase, RedisModel, SetField, StringField
from limpyd.exceptions import DifferentPartitions, DoesNotExist, UniquenessError
from limpyd.repartitioning import fences

PORT, KILLS, CLUSTERED = int(sys.argv[1]), int(sys.argv[2]), "cluster" in sys.argv[3:]
OBJECTS = 300
MOST_PARTITIONS = 32
WRITERS = 2
fences.NOTICED = 0  # writers compare epochs, and nobody else reads


def declare(space: str, count: int) -> Any:
    """The model, as a process sees it that has sent nothing yet."""
    database = RedisDatabase(nodes=[("127.0.0.1", PORT)]) if CLUSTERED else RedisDatabase(port=PORT)
    body = {
        "database": database,
        "namespace": space,
        "partitions": count,
        "key": PKField(),
        "text": StringField(indexable=True),
        "only": InstanceHashField(unique=True),
        "tags": SetField(indexable=True),
        "queue": ListField(),
        "count": InstanceHashField(int, indexable=True),
    }
    return type("Spread", (RedisModel,), body)


class Writer(threading.Thread):
    """Writes to objects of its own, with the number of partitions that is right at the moment.

    Attributes:
        expected: for each object what was acknowledged: its unique value, its count, its queue.
        writes: how many writes were acknowledged.
    """

    def __init__(self, number: int, models: list[Any], expected: dict[str, list[Any]]) -> None:
        super().__init__()
        self.models = models
        self.expected = expected
        self.stopped = threading.Event()
        self.writes = self.refused = 0
        self._number = number
        self._rng = random.Random(number)

    def run(self) -> None:
        while not self.stopped.is_set():
            for model in self.models:
                try:
                    self._write(model)
                    self.writes += 1
                except DifferentPartitions:
                    self.refused += 1

    def _write(self, model: Any) -> None:
        rng, pk = self._rng, f"{self._number}-{self._rng.randrange(OBJECTS)}"
        thing, known = model.lazy_connect(pk), self.expected.get(pk)
        what = rng.randrange(5)
        if known is None:
            value = f"{pk}/{rng.random()}"
            model(key=pk, text=f"t{len(pk)}", only=value, tags=["a", pk], queue=["x"], count=0)
            self.expected[pk] = [value, 0, ["x"]]
        elif what == 0:
            thing.delete()
            del self.expected[pk]
        elif what == 1:
            value = f"{pk}/{rng.random()}"
            thing.only.hset(value)
            known[0] = value
        elif what == 2:
            thing.count.hincrby(1)
            known[1] += 1
        elif what == 3:
            thing.queue.rpush(str(len(known[2])))
            known[2].append(str(len(known[2])))
        else:
            other = rng.choice(list(self.expected.values()))[0]
            if other != known[0]:
                try:
                    thing.only.hset(other)
                    sys.exit(f"{pk} got the unique value {other!r} of another object")
                except UniquenessError:
                    pass


def repartitioning(space: str, count: int) -> int:
    """Starts a process that repartitions, and returns its pid."""
    child = os.fork()
    if child == 0:
        declare(space, count).repartition()
        os._exit(0)
    return child


def compare(model: Any, expected: dict[str, list[Any]]) -> None:
    """Ends the program if the objects are not those that were acknowledged."""
    found = {row[0]: list(row[1:]) for row in model.collection().values_list("key", "only", "count")}
    wanted = {pk: known[:2] for pk, known in expected.items()}
    if found != wanted:
        wrong = {pk for pk in {*found, *wanted} if found.get(pk) != wanted.get(pk)}
        sys.exit(f"{len(wrong)} differ: {[(pk, found.get(pk), wanted.get(pk)) for pk in sorted(wrong)[:3]]}")
    for pk in random.sample(sorted(expected), min(30, len(expected))):
        if model.lazy_connect(pk).queue.lrange(0, -1) != expected[pk][2]:
            sys.exit(f"the queue of {pk} differs")
        if model.get(only=expected[pk][0]).key.get() != pk:
            sys.exit(f"{expected[pk][0]!r} is not found")
    report = model.check()
    if list(report):
        sys.exit(f"check: {report}")


def round_of(space: str, count: int, expected: list[dict[str, list[Any]]], kills: int) -> tuple[int, int]:
    """Goes to twice as many partitions; returns how many processes were killed, and how many writes acknowledged."""
    former, model = declare(space, count), declare(space, 2 * count)
    former.collection(text="t3").all()
    writers = [
        Writer(number, [declare(space, count), declare(space, 2 * count)], each) for number, each in enumerate(expected)
    ]
    for writer in writers:
        writer.start()
    time.sleep(0.05)
    killed = 0
    while killed < kills:
        rivals = [repartitioning(space, 2 * count) for _ in range(2)]
        for child in rivals:
            time.sleep(random.uniform(0, 0.06))
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            killed += os.WIFSIGNALED(status)
        if moved(model):
            break
    children = [repartitioning(space, 2 * count) for _ in range(2)]
    if any(os.waitpid(child, 0)[1] for child in children):
        sys.exit("two at once: one failed")
    time.sleep(0.05)
    for writer in writers:
        writer.stopped.set()
    for writer in writers:
        writer.join()
    compare(model, {pk: known for each in expected for pk, known in each.items()})
    done = killed, sum(writer.writes for writer in writers)
    if count > 1:  # it follows
        compare(former, {pk: known for each in expected for pk, known in each.items()})
        return done
    try:
        former.collection(text="t3").all()
    except DifferentPartitions:
        return done
    sys.exit("a process that declares one partition is not refused")


def moved(model: Any) -> bool:
    """Whether the move has ended, although movers were killed."""
    try:
        model.lazy_connect("x").text.get()
    except DifferentPartitions:
        return False
    except DoesNotExist:
        pass
    return True


def main() -> None:
    random.seed(PORT)
    killed = rounds = writes = 0
    space, count = "killed0", 1
    expected: list[dict[str, list[Any]]] = [{} for _ in range(WRITERS)]
    while killed < KILLS:
        more_killed, more_writes = round_of(space, count, expected, random.choice((1, 2, 4, 8)))
        killed, rounds, writes, count = killed + more_killed, rounds + 1, writes + more_writes, 2 * count
        if count > MOST_PARTITIONS:
            declare(space, count).collection().delete()
            space, count, expected = f"killed{rounds}", 1, [{} for _ in range(WRITERS)]
    print(killed, rounds, writes)


if __name__ == "__main__":
    main()
