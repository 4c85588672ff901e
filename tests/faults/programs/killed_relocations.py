"""A program for a test: kills processes that move a model from one database to another, while others write to it.

    python -m tests.faults.programs.killed_relocations FROM_PORT TO_PORT KILLS [cluster]

Now and then a move is abandoned instead of being continued. At the end of each round, all objects are compared with
what was acknowledged, and checked, and the data that is left is deleted. Prints how many processes were killed in the
middle, how many rounds there were, how many moves were abandoned, and how many writes were acknowledged.
"""

from __future__ import annotations

import itertools
import random
import sys
from contextlib import suppress
from typing import Any

from limpyd import InstanceHashField, ListField, PKField, RedisDatabase, RedisModel, SetField, StringField
from limpyd.exceptions import MoveConflict, Relocated, UniquenessError
from tests.faults.programs.killing import Stoppable, ended, in_a_process, run_for, stop

ORIGIN, DESTINATION, KILLS, CLUSTERED = *map(int, sys.argv[1:4]), "cluster" in sys.argv[4:]
OBJECTS = 150
WRITERS = 2
COUNTS = ((1, 1), (1, 4), (4, 4), (2, 8), (8, 2))
"""The numbers of partitions before and after a move, round by round."""


def origin() -> RedisDatabase:
    return RedisDatabase(port=ORIGIN)


def destination() -> RedisDatabase:
    return RedisDatabase(nodes=[("127.0.0.1", DESTINATION)]) if CLUSTERED else RedisDatabase(port=DESTINATION)


def declare(space: str, database: RedisDatabase, count: int) -> Any:
    """The model, as a process sees it that has sent nothing yet."""
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
    return type("Moved", (RedisModel,), body)


NEW = itertools.count()
"""Numbers of values that nobody has had."""


class Writer(Stoppable):
    """Writes to objects of its own, wherever they are at the moment.

    Attributes:
        expected: for each object what was acknowledged: its unique value, its count, its queue.
        writes: how many writes were acknowledged.
    """

    def __init__(self, number: int, models: list[Any], expected: dict[str, list[Any]]) -> None:
        super().__init__()
        self.models = models
        self.expected = expected
        self.writes = 0
        self._number = number
        self._rng = random.Random(number)

    def once(self) -> None:
        for model in self.models:
            with suppress(Relocated):
                self._write(model)
                self.writes += 1

    def _write(self, model: Any) -> None:
        rng, pk = self._rng, f"{self._number}-{self._rng.randrange(OBJECTS)}"
        thing, known = model.lazy_connect(pk), self.expected.get(pk)
        what = rng.randrange(6)
        if known is None:
            value = f"{pk}/{next(NEW)}"
            model(key=pk, text=f"t{len(pk)}", only=value, tags=["a", pk], queue=["x"], count=0)
            self.expected[pk] = [value, 0, ["x"]]
        elif what == 0:
            thing.delete()
            del self.expected[pk]
        elif what == 1:
            value = f"{pk}/{next(NEW)}"
            thing.only.hset(value)
            known[0] = value
        elif what == 2:
            thing.count.hincrby(1)
            known[1] += 1
        elif what == 3:
            thing.queue.rpush(str(len(known[2])))
            known[2].append(str(len(known[2])))
        else:
            self._exchange(model, pk, rng.choice(list(self.expected)), what)

    def _exchange(self, model: Any, pk: str, other: str, what: int) -> None:
        """Two objects exchange their unique values; or one cannot get that of the other."""
        if pk == other:
            return
        mine, theirs = self.expected[pk], self.expected[other]
        if what == 4:
            try:
                model.lazy_connect(pk).only.hset(theirs[0])
            except UniquenessError:
                return
            msg = f"{pk} got the unique value {theirs[0]!r} of another object"
            raise AssertionError(msg)
        value, their_value = mine[0], theirs[0]
        for each, known, new in ((pk, mine, f"{pk} none {value}"), (other, theirs, value), (pk, mine, their_value)):
            model.lazy_connect(each).only.hset(new)
            known[0] = new


def moving(space: str, count: int, *, steps: int = 0, abandons: bool = False) -> int:
    """Starts a process that moves the model, or abandons the move, and returns its pid.

    Args:
        space: the namespace of the model.
        count: the number of partitions that it gets.
        steps: the number of requests before which the process is killed; 0 if it is not.
        abandons: whether it abandons the move.
    """

    def act(here: Any, there: Any) -> None:
        model = declare(space, here, count)
        (model.abandon_migration if abandons else model.migrate_to)(there)

    return in_a_process(act, lambda: [origin(), destination()], steps=steps, codes={MoveConflict: 3})


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


def round_of(number: int, kills: int) -> tuple[int, int, int]:
    """Moves the model; returns how many processes were killed, moves abandoned, and writes acknowledged."""
    space, (before, after) = f"killed{number}", COUNTS[number % len(COUNTS)]
    expected: list[dict[str, list[Any]]] = [{} for _ in range(WRITERS)]
    first = [Writer(each, [declare(space, origin(), before)], known) for each, known in enumerate(expected)]
    run_for(0.15, first)
    writers = [Writer(each, [declare(space, origin(), before)], known) for each, known in enumerate(expected)]
    for writer in writers:
        writer.start()
    killed = abandoned = 0
    for _ in range(kills):
        rivals = [moving(space, after, steps=random.randrange(4, 45)) for _ in range(random.choice((1, 1, 2)))]
        killed += sum(ended(child) is None for child in rivals)
        if random.random() < 0.3:
            killed += ended(moving(space, after, steps=random.randrange(1, 20), abandons=True)) is None
            abandoned += ended(moving(space, after, abandons=True)) == 0
    if {*map(ended, [moving(space, after), moving(space, after)])} - {0, 3}:
        sys.exit("two at once: one failed")
    if ended(moving(space, after)) != 0:
        sys.exit("the last call failed")
    stop(writers)
    last = [
        Writer(each, [declare(space, origin(), before), declare(space, destination(), after)], known)
        for each, known in enumerate(expected)
    ]
    run_for(0.1, last)
    model = declare(space, destination(), after)
    compare(model, {pk: known for each in expected for pk, known in each.items()})
    declare(space, origin(), after).delete_migrated(destination())
    if len(list(origin().scan_keys(f"{{{space}:*"))) != 1:
        sys.exit(f"left at the origin: {list(origin().scan_keys(f'{{{space}:*'))}")
    model.collection().delete()
    return killed, abandoned, sum(writer.writes for writer in (*first, *writers, *last))


def main() -> None:
    random.seed(KILLS)
    killed = rounds = abandoned = writes = 0
    while killed < KILLS or rounds < 2:
        result = round_of(rounds, random.choice((1, 2, 4)))
        killed, rounds, abandoned, writes = killed + result[0], rounds + 1, abandoned + result[1], writes + result[2]
    print(killed, rounds, abandoned, writes)


if __name__ == "__main__":
    main()
