"""By hand on redis-py with hiredis, as an experienced user writes it."""

from __future__ import annotations

import os
import random
from itertools import count

import redis

from benchmarks import by_hand
from benchmarks.by_hand import Way
from benchmarks.people import FEW, Operations, person


def singles(port: int, db: int, _size: int) -> Operations:
    """Single operations."""
    ask = redis.Redis(port=port, db=db, decode_responses=True).execute_command
    return by_hand.singles(Way(ask, ask))


def updates(port: int, db: int, size: int) -> Operations:
    """Updates of an indexed field, of objects of which one process makes some."""
    ask = redis.Redis(port=port, db=db, decode_responses=True).execute_command
    create, update = (Way(ask, ask).load(script) for script in (by_hand.CREATE, by_hand.UPDATE_INDEXED))
    for number in range(1, size + 1):
        ask("EVALSHA", create, 1, "{hand}:pks", *person(number).values())
    turns = count(os.getpid())

    def change(pk: int) -> None:
        ask("EVALSHA", update, 1, "{hand}:pks", pk, f"City {next(turns) % 7}")

    return {"update one of all": lambda: change(1), "update any of all": lambda: change(random.randint(1, FEW))}
