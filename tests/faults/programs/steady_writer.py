"""A program for a test: writes to objects without pause, until it is told to stop.

python -m tests.faults.programs.steady_writer PORT SEED
"""

from __future__ import annotations

import random
import sys
from contextlib import suppress

from limpyd import (
    DoesNotExist,
    EqualIndex,
    EqualIndexWith,
    HashField,
    InstanceHashField,
    ListField,
    NumberRangeIndex,
    RedisDatabase,
    RedisModel,
    ScoredEqualIndex,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)

TEXTS = ["", "a", "A", "é É", "a\0b", "*", "x:y", "🙂", "word " * 5]
WRITTEN = 60
FIXED = 700
"""As many after those are left alone."""


class ManyIndexes(RedisModel):
    """An object with indexes of many kinds."""

    abstract = True

    name = StringField(
        indexes=[
            EqualIndex,
            TextRangeIndex(prefix="ci", case_sensitive=False),
            EqualIndex(prefix="word", transform=str.split),
            EqualIndexWith(other_fields=["age"]),
            ScoredEqualIndex(score_field="age"),
        ]
    )
    age = InstanceHashField(type=int, indexable=True)
    email = InstanceHashField(unique=True)
    tags = SetField(indexes=[EqualIndex, TextRangeIndex])
    numbers = ListField(type=float, indexes=[NumberRangeIndex])
    board = SortedSetField(indexable=True)
    counts = HashField(type=int, indexable=True)
    fixed = StringField(indexable=True)


def model_on(database: RedisDatabase) -> type[ManyIndexes]:
    """The model on a database."""
    return type("ManyIndexes", (ManyIndexes,), {"database": database})


def write(model: type[ManyIndexes], rng: random.Random) -> None:
    """Makes one change."""
    pk, text, number = rng.randrange(1, WRITTEN), rng.choice(TEXTS), rng.randrange(9)
    thing = model.lazy_connect(pk)
    match rng.randrange(12):
        case 0:
            model(name=text, age=number, tags=[text, str(number)], numbers=[number, 0.1], board={text: 1})
        case 1:
            model.lazy_connect(WRITTEN + FIXED + rng.randrange(1, 200)).delete()
        case 2:
            thing.name.set(text)
        case 3:
            thing.hmset(age=number, email=f"{pk} {number}")
        case 4:
            thing.name.append("a")
        case 5:
            thing.tags.sadd(text, str(number))
        case 6:
            thing.tags.spop()
        case 7:
            thing.numbers.rpush(number, number / 10)
            thing.numbers.ltrim(-6, -1)
        case 8:
            thing.board.zadd({text: number})
            thing.board.zremrangebyrank(6, -1)
        case 9:
            thing.counts.hset(mapping={text: number, "x": number})
        case 10:
            thing.counts.hdel(text)
        case 11:
            thing.age.hincrby()


def main() -> None:
    """Writes until it is killed."""
    port, seed = map(int, sys.argv[1:])
    model = model_on(RedisDatabase(port=port))
    rng = random.Random(seed)
    print("connected to", len(model.collection()), flush=True)
    while True:
        with suppress(DoesNotExist):  # another one deleted it
            write(model, rng)


if __name__ == "__main__":
    main()
