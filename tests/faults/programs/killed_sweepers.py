"""Kills processes that write, find and sweep what expires within milliseconds, and looks at what is left.

    python -m tests.faults.programs.killed_sweepers PORT KILLS [PARTITIONS [REFERRED]]

Each is killed after some steps, and another one takes its place. After every hundred kills all stand still: a check
must find nothing but claims that a killed process has abandoned, if there are several partitions. The primary keys and
unique values of expired objects, and unique values that have expired, must be free, although nobody has swept them. If
REFERRED is 1, others refer to the objects that expire. They lose the reference, or go as well, with those that refer to
them. The check must find no reference to one that is gone, and after it nobody may refer to one that is not there.

Prints how many were killed, how many scripts they ran, and how many expired objects and values were left.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import redis

from limpyd import (
    BulkError,
    DeadlineField,
    DoesNotExist,
    FKInstanceHashField,
    FKStringField,
    InstanceHashField,
    LimpydError,
    M2MListField,
    M2MSetField,
    M2MSortedSetField,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    UniquenessError,
)
from limpyd.relations.references import ReferenceField
from tests.support.killed_workers import Worker

WRITERS = 3
ROUND = 100
MOST_STEPS = 12
TOKENS, MAILS = 30, 20
MILLISECOND = timedelta(milliseconds=1)


def declare(database_: RedisDatabase, count: int) -> Any:
    """Declares the model, with a number of partitions."""

    class Session(RedisModel):
        database = database_
        partitions = count
        token = PKField()
        expires = DeadlineField(ttl=5 * MILLISECOND, renew_on="write")
        user = InstanceHashField(type=int, indexable=True)
        mail = InstanceHashField(unique=True)
        code = InstanceHashField(unique=True, expires=True)
        mood = StringField(indexable=True, expires=True)
        tags = SetField(indexable=True)
        note = StringField()

    return Session


class Referring(NamedTuple):
    """Models in the same partitions that refer to one: carts lose the reference, items go as well, with their notes."""

    cart: Any
    item: Any
    note: Any


def declare_referring(session: Any) -> Referring:
    """Declares these models."""

    class Base(RedisModel):
        abstract = True
        database = session.database
        colocate_with = session
        name = PKField()

    class Cart(Base):
        owner = FKInstanceHashField(session, related_name="carts")
        seen = M2MListField(session, related_name="seen_by")
        known = M2MSetField(session, related_name="known_by")
        ranked = M2MSortedSetField(session, related_name="ranked_by")
        note = StringField()

    class Item(Base):
        owner = FKInstanceHashField(session, on_delete="cascade", related_name="items")
        code = InstanceHashField(unique=True)

    class Note(Base):
        item = FKStringField(Item, on_delete="cascade", related_name="notes")
        text = InstanceHashField(indexable=True)

    return Referring(Cart, Item, Note)


def chosen(model: Any, choose: random.Random) -> Callable[[], Any]:
    """Returns one of the things to do."""
    token, mail = str(choose.randrange(TOKENS)), str(choose.randrange(MAILS))
    one, duration = model.lazy_connect(token), choose.randrange(1, 9) * MILLISECOND
    return choose.choice(
        (
            lambda: model(token=token, user=1, mail=mail, tags={"a", mail}, expires=duration),
            lambda: model(token=token, user=2, mail=mail),
            lambda: model.bulk_create([{"token": f"b{token}", "user": 1}, {"token": token, "mail": mail}]),
            lambda: one.update(mail=mail, user=3),
            lambda: one.note.append("x"),
            lambda: one.code.hsetex(mail, px=duration),
            lambda: one.update(code=mail, code_deadline=duration, mood="a"),
            lambda: one.mood.set(mail, px=duration),
            lambda: (one.code.hpexpire(duration), one.mood.persist()),
            lambda: model.collection(code=mail, mood="a").count(),
            lambda: one.expires.pexpire(duration, gt=True),
            one.expires.persist,
            one.delete,
            model.sweep,
            lambda: model.collection(user__gte=1, tags="a").count(),
        )
    )


def chosen_of_referring(models: Referring, choose: random.Random) -> Callable[[], Any]:
    """Returns one of the things to do with objects that refer."""
    cart, item, note = models
    token, code = str(choose.randrange(TOKENS)), str(choose.randrange(MAILS))
    name = f"{token}:{choose.randrange(3)}"
    one = cart.lazy_connect(name)
    return choose.choice(
        (
            lambda: cart(name=name, owner=token, seen=[token, token], known={token}, ranked={token: 1}, note="n"),
            lambda: item(name=name, owner=token, code=f"{token}:{code}"),
            lambda: note(name=name, item=name, text=code),
            lambda: one.owner.set(token),
            lambda: one.owner.get(),
            lambda: (one.seen.rpush(token), one.known.sadd(token), one.ranked.zincrby(1, token)),
            lambda: one.update(owner=token, known={token}),
            lambda: item.lazy_connect(name).delete(),
            lambda: item.collection(owner=token).count(),
            lambda: note.collection(text=code).instances().all(),
            lambda: cart.collection(known=token).update(note="m"),
        )
    )


def references_to_nobody(models: Referring) -> list[str]:
    """Returns the references to an object that is not there; what expires meanwhile does not count."""
    found: list[str] = []
    for model in models:
        for field in model._schema.value_fields.values():
            if isinstance(field, ReferenceField):
                found += _references_to_nobody(model, field)
    return found


def _references_to_nobody(model: Any, field: Any) -> list[str]:
    found = []
    for pk in model.collection():
        for _ in range(3):
            stored = model.collection(pk=pk).values_list(field.name, flat=True).all()
            pks = [] if not stored or stored[0] is None else list(stored[0]) if field.many else [stored[0]]
            if all(map(field.target.model.exists, pks)):
                break
        else:
            found.append(f"{field} of {pk!r}: {pks}")
    return found


def work(
    model: Any,
    referring: Referring | None,
    seed: int,
    ending: tuple[type[LimpydError], ...],
    note: Callable[[], None],
) -> None:
    """Does one thing after the other until it is killed, or one of some errors ends it."""
    choose = random.Random(seed)
    while True:
        try:
            if referring is None or choose.random() < 0.5:
                chosen(model, choose)()
            else:
                chosen_of_referring(referring, choose)()
        except (BulkError, DoesNotExist, UniquenessError):
            pass
        except ending:
            return
        except LimpydError as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(1)
        note()


def started(model: Any, *ending: type[LimpydError], referring: Referring | None = None) -> Worker:
    """Starts a process, which ends by itself after some errors."""
    return Worker(partial(work, model, referring, random.getrandbits(32), ending))


def faults(model: Any, client: redis.Redis) -> tuple[list[str], int]:
    """Returns what is wrong, and how many expired objects there are."""
    found = [str(finding) for finding in model.database.check(repair={"abandoned"}) if finding.kind != "abandoned"]
    found += map(str, model.database.check())
    time.sleep(0.01)
    expired: list[tuple[Any, bytes]] = []
    for partition in model._schema.keys.partitions:
        pks: Any = client.zrangebyscore(partition.deadlines, "-inf", time.time() * 1000)
        expired += [(partition, pk) for pk in pks]
    for partition, key in expired:
        pk, mail = key.decode(), client.hget(partition.hash_prefix + key, "mail")
        try:
            model(token=pk, mail=None if mail is None else mail.decode(), user=1, expires=None).delete()
        except UniquenessError as error:
            if mail is None or model.collection(mail=mail.decode()).count() == 0:
                found.append(f"{pk}: {error}")
    return found, len(expired) + free_codes(model, client, found)


def free_codes(model: Any, client: redis.Redis, found: list[str]) -> int:
    """Gives codes that have expired to others, and notes those that are not free; returns their number."""
    expired: set[bytes] = set()
    for partition in model._schema.keys.partitions:
        key, now = partition.prefix + b"deadline:code_deadline", time.time() * 1000
        pks: Any = client.zrangebyscore(key, "-inf", now)
        expired |= {code for pk in pks if (code := client.hget(partition.hash_prefix + pk, "code")) is not None}
    for code in expired:
        try:
            model(token="free", code=code.decode(), expires=None).delete()
        except UniquenessError as error:
            if model.collection(code=code.decode()).count() == 0:
                found.append(f"{code!r}: {error}")
    return len(expired)


def main(port: int, kills: int, partitions: int = 1, referred: int = 0) -> int:
    """Kills so many; returns the number of faults."""
    model, client = declare(RedisDatabase(port=port), partitions), redis.Redis(port=port)
    referring = declare_referring(model) if referred else None
    done = left = 0
    found: list[str] = []
    while done < kills:
        writers = [started(model, referring=referring) for _ in range(WRITERS)]
        for _ in range(min(ROUND, kills) - WRITERS):
            number = random.randrange(WRITERS)
            writers[number].kill(random.randrange(MOST_STEPS))
            writers[number] = started(model, referring=referring)
        for writer in writers:
            writer.kill(1)
        done += min(ROUND, kills)
        wrong, expired = faults(model, client)
        found += wrong if referring is None else [*wrong, *references_to_nobody(referring)]
        left += expired
    scripts: Any = client.info("commandstats")
    print(done, scripts["cmdstat_evalsha"]["calls"], left)
    print(*found, sep="\n", end="", file=sys.stderr)
    return len(found)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) > 0)
