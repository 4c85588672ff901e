"""A program for a test: four processes create, link and delete objects that refer to each other; each is killed with
SIGKILL in the middle of its work, and another takes its place.

    python -m tests.faults.programs.killed_relations PORT KILLS

Prints how many were killed, and how many commands they got through.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from functools import partial

import redis

from limpyd import LimpydError, RedisDatabase, RedisModel
from tests.support.killed_workers import Worker
from tests.support.related_models import MANY, REFERENCES, problems, related_models

PORT, KILLS = int(sys.argv[1]), int(sys.argv[2])
PKS = "abcdef"
MOST_STEPS = 20
"""The most operations that a process does between two kills."""
DATABASE = RedisDatabase(port=PORT)
MODELS = related_models(RedisModel, DATABASE)


def write_forever(seed: int, note: Callable[[], None]) -> None:
    rng = random.Random(seed)
    while True:
        (name, field), (kind, _, _) = rng.choice(list(REFERENCES.items()))
        thing, value = MODELS[name].lazy_connect(rng.choice(PKS)), rng.choice(PKS)
        bound = getattr(thing, field)
        try:
            match rng.randrange(6):
                case 0 | 1:
                    MODELS[name](name=rng.choice(PKS), text=value)
                case 2:
                    thing.delete()
                case 3:
                    with DATABASE.transaction():
                        thing.delete()
                        MODELS[name](name=thing.pk.get(), text=value, only=value)
                        thing.update(text=value * 2)
                case _ if kind not in MANY:
                    (bound.hset if hasattr(bound, "hget") else bound.set)(value)
                case _ if MANY[kind] is set:
                    bound.sadd(value)
                case _ if MANY[kind] is list:
                    bound.rpush(value)
                case _:
                    bound.zadd({value: 1})
        except LimpydError:
            pass
        note()


def started(seed: int) -> Worker:
    return Worker(partial(write_forever, seed))


def main() -> None:
    client = redis.Redis(port=PORT)
    running = [started(number) for number in range(4)]
    for number in range(KILLS):
        running.pop(0).kill(random.Random(number).randrange(MOST_STEPS))
        running.append(started(number + 4))
        if number % 10 == 9:
            for worker in running:
                worker.kill()
            found = problems(client, MODELS)
            if found:
                sys.exit(f"after {number + 1} kills: {found}")
            running = [started(1000 * number + each) for each in range(4)]
    for worker in running:
        worker.kill()
    print(KILLS, client.info("commandstats")["cmdstat_evalsha"]["calls"])


if __name__ == "__main__":
    main()
