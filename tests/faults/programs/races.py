"""Programs for tests of races: each runs in several processes at once.

python -m tests.faults.programs.races PORT WHAT SEED
"""

from __future__ import annotations

import random
import sys
from contextlib import suppress
from typing import Any

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    InstanceHashField,
    LimpydError,
    RedisDatabase,
    RedisModel,
    SetField,
    StaleObject,
    StringField,
    VersionField,
)
from tests.faults.programs.steady_writer import model_on

NAMES = 40
COUNTS = 100
Folded = EqualIndex.configure(transform=str.casefold, name="Folded")


class Player(RedisModel):
    """What several processes get or create at once."""

    abstract = True

    name = InstanceHashField(unique=True, indexes=[Folded])
    nick = StringField(indexes=[Folded])
    tags = SetField(indexable=True)
    own = SetField(unique=True)
    floor = InstanceHashField(type=int, indexes=[EqualIndexWith(other_fields=["door"], unique=True)])
    door = StringField()
    count = InstanceHashField(type=int, default=0)
    version = VersionField()


def player_on(database: RedisDatabase) -> type[Player]:
    """The model on a database."""
    return type("Player", (Player,), {"database": database})


def sought(number: int, rng: random.Random) -> dict[str, Any]:
    """By what one of the objects is sought, in one of the ways that mean the same."""
    name = rng.choice([f"Name {number}", f"NAME {number}", f"name {number}"])
    return {
        0: {"name": name},
        1: {"nick": name},
        2: {"tags": f"t{number}"},
        3: {"own": f"o{number}"},
        4: {"floor": number, "door": "a"},
    }[number % 5]


def get_or_create(port: int, rng: random.Random) -> None:
    """Gets or creates each object; tells which ones were new."""
    model, created = player_on(RedisDatabase(port=port)), 0
    for number in rng.sample(range(NAMES), NAMES):
        created += model.get_or_create(**sought(number, rng))[1]
        created += model.get_or_create(**sought(number, rng))[1]
    print(created, flush=True)


def count(port: int, _rng: random.Random) -> None:
    """Counts in one object, each time from the version that it read."""
    model, stale = player_on(RedisDatabase(port=port)), 0
    player = model.get_or_connect(name="counter")
    done = 0
    while done < COUNTS:
        version = player.version.get()
        try:
            player.update(count=(player.count.get() or 0) + 1, if_version=version)
        except StaleObject:
            stale += 1
        else:
            done += 1
    print(stale, flush=True)


def rebuild(port: int, rng: random.Random) -> None:
    """Rebuilds and clears indexes until it is killed."""
    model = model_on(RedisDatabase(port=port))
    print("connected", flush=True)
    while True:
        with suppress(LimpydError):  # two have one value
            if rng.random() < 0.3:
                model.get_field(rng.choice(["name", "tags", "age"])).clear_indexes()
            elif rng.random() < 0.2:
                model.check(repair=True)
            else:
                model.rebuild_indexes()


if __name__ == "__main__":
    port, what, seed = sys.argv[1:]
    {"get_or_create": get_or_create, "count": count, "rebuild": rebuild}[what](int(port), random.Random(int(seed)))
