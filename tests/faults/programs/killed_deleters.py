"""Kills processes that refer to objects of other partitions and delete these, and looks at what is left of them.

    python -m tests.faults.programs.killed_deleters PORT KILLS

Some processes create few objects, have them refer to each other, and delete them, also with those that refer to them.
Each is killed at a random moment, and another one takes its place. After every hundred kills all stand still: no
reference may lead to nobody unless a tomb notes it, and none of those whose deletion is forbidden; after a check that
finishes what is left, there are neither tombs nor such references.

Prints how many were killed, how many scripts they ran, and how many deletions were left unfinished.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import redis

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.exceptions import DoesNotExist, LimpydError, RelatedDoesNotExist, RestrictedError, UniquenessError
from limpyd.relations import FKInstanceHashField
from limpyd.targets import closings
from tests.support.killed_workers import Worker

WRITERS = 4
ROUND = 100
MOST_STEPS = 12
"""The most operations that a process does between two kills."""
NAMES = [f"o{number}" for number in range(8)]
EXPECTED = (DoesNotExist, RelatedDoesNotExist, RestrictedError, UniquenessError)


def declare(database_: RedisDatabase) -> SimpleNamespace:
    """Declares people, articles that go with them, and comments and seals on those."""

    class Person(RedisModel):
        database = database_
        pk = PKField()
        mark = InstanceHashField()

    class Article(RedisModel):
        database = database_
        pk = PKField()
        mark = InstanceHashField(unique=True)
        target = FKInstanceHashField(Person, on_delete="cascade")

    class Comment(RedisModel):
        database = database_
        pk = PKField()
        target = FKInstanceHashField(Article)
        mark = InstanceHashField()

    class Seal(RedisModel):
        database = database_
        pk = PKField()
        target = FKInstanceHashField(Article, on_delete="restrict")
        mark = InstanceHashField()

    class Note(RedisModel):
        """Its deletions close nothing."""

        database = database_
        pk = PKField()
        mark = InstanceHashField()

    class Sign(RedisModel):
        database = database_
        pk = PKField()
        target = FKInstanceHashField(Note, on_delete="cascade")
        mark = InstanceHashField()

    return SimpleNamespace(Person=Person, Article=Article, Comment=Comment, Seal=Seal, Note=Note, Sign=Sign)


def work(models: SimpleNamespace, seed: int, note: Callable[[], None]) -> None:
    """Writes and deletes until it is killed."""
    choose, every = random.Random(seed), list(vars(models).values())
    while True:
        model, pk, other = choose.choice(every), choose.choice(NAMES), choose.choice(NAMES)
        kind = choose.random()
        try:
            if kind < 0.35:
                model(pk=pk, mark=f"{model.__name__} {pk} {seed}")
            elif kind < 0.75 and hasattr(model, "target"):
                model.lazy_connect(pk).target.hset(other)
            elif kind < 0.8 and hasattr(model, "target"):
                model.lazy_connect(pk).target.hdel()
            elif kind < 0.97:
                model.lazy_connect(pk).delete()
            else:
                model.collection(pk__in=[pk, other]).delete()
        except EXPECTED:
            pass
        except LimpydError as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(1)
        note()


def started(models: SimpleNamespace) -> Worker:
    """Starts a process."""
    return Worker(partial(work, models, random.getrandbits(32)))


def faults(models: SimpleNamespace, client: redis.Redis, *, finished: bool) -> list[str]:
    """References to nobody; those that a tomb notes do not count until they have to be finished."""
    found = []
    for model in vars(models).values():
        for partition in model._schema.keys.partitions if hasattr(model, "target") else ():
            for pk in client.smembers(partition.pks):
                referred = client.hget(partition.hash_prefix + pk, "target")
                if referred is None:
                    continue
                at = model.target.target.keys.partition(referred)
                is_noted = client.hexists(at.tomb, referred) and model.target.on_delete != "restrict"
                if not client.sismember(at.pks, referred) and (finished or not is_noted):
                    found.append(f"{model.__name__}({pk!r}) refers to {referred!r}, which is not there")
                if not client.sismember(partition.prefix + b"eq:target:" + referred, pk):
                    found.append(f"{model.__name__}({pk!r}) is not in the index of {referred!r}")
    return found


def main(port: int, kills: int) -> int:
    """Kills so many; returns the number of faults."""
    database = RedisDatabase(port=port, partitions=4)
    models, client = declare(database), redis.Redis(port=port)
    done = unfinished = 0
    found: list[str] = []
    while done < kills:
        writers = [started(models) for _ in range(WRITERS)]
        for _ in range(min(ROUND, kills) - WRITERS):
            number = random.randrange(WRITERS)
            writers[number].kill(random.randrange(MOST_STEPS))
            writers[number] = started(models)
        for writer in writers:
            writer.kill()
        done += min(ROUND, kills)
        found += faults(models, client, finished=False)
        time.sleep(closings.AGE / 1000 + 0.1)
        unfinished += database.check(repair=["unfinished"]).found.get("unfinished", 0)
        found += faults(models, client, finished=True)
        found += [str(finding) for finding in database.check() if finding.kind in {"dangling", "unfinished", "missing"}]
    scripts: Any = client.info("commandstats")
    print(done, scripts["cmdstat_evalsha"]["calls"], unfinished)
    print(*found, sep="\n", end="", file=sys.stderr)
    return len(found)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])) > 0)
