"""Accounts that lack one command: whatever they do is done whole, or refused whole, or they are told what is left.

For each operation, each command that it sends on any account, and each that could take something back, is forbidden in
turn; in the suite, of the latter a part for each operation. Then the database is as before, or as it is when nothing is
forbidden, or `RollbackFailed` is raised.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple
from zlib import crc32

import pytest
import redis

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    GeoField,
    GeoPoint,
    HashField,
    InstanceHashField,
    ListField,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
    VersionField,
)
from limpyd.exceptions import BulkError, LimpydError, RollbackFailed
from limpyd.relations import FKInstanceHashField, M2MSetField
from tests.support.amounts import amount
from tests.support.expected_indexes import inconsistencies, state
from tests.support.snapshots import Snapshot

STRIDE = amount("LIMPYD_STRIDE", 3)
"""With each how many-th operation what it does not send itself is tried, too."""
ALWAYS = {
    *(
        "acl|setuser",
        "auth",
        "client|setinfo",
        "client|list",
        "config|resetstat",
        "eval",
        "evalsha",
        "flushall",
        "hello",
        "info",
    ),
    *("ping", "select", "script|load", "script|exists", "client|setname", "readonly"),
}
"""What belongs to connecting, or to looking."""

UNDOING = {
    *("sadd", "srem", "hset", "hdel", "hsetnx", "zadd", "zrem", "set", "del", "unlink", "restore", "dump", "rename"),
    *("renamenx", "rpush", "lpush", "ltrim", "pexpireat", "hpexpireat", "incr", "decr", "incrby", "decrby", "persist"),
}
"""What takes something back, or is taken back."""


def declare(database: Any, name: str = "thing", first: str = "name") -> Any:
    """A model with an index of each kind; `first` is what its first field is called."""
    fields = {
        "database": database,
        "model_name": name,
        "key": PKField(),
        first: InstanceHashField(unique=True, indexes=[TextRangeIndex]),
        "city": InstanceHashField(indexes=[EqualIndexWith(other_fields=["rank"]), EqualIndex]),
        "rank": StringField(int, indexable=True),
        "price": InstanceHashField(Decimal, indexable=True),
        "mirror": InstanceHashField(indexes=[EqualIndex(transform=lambda value: value[::-1])]),
        "at": InstanceHashField(GeoPoint, indexable=True),
        "body": StringField(indexes=[EqualIndex, TextRangeIndex(case_sensitive=False)]),
        "tags": SetField(indexable=True),
        "queue": ListField(indexable=True),
        "board": SortedSetField(indexes=[TextRangeIndex]),
        "heads": HashField(indexable=True),
        "places": GeoField(indexable=True),
        "notes": ListField(),
        "version": VersionField(),
    }
    return type("Thing", (RedisModel,), fields)


def values(number: int, first: str = "name") -> dict[str, Any]:
    """The values of an object."""
    return {
        "key": f"k{number}",
        first: f"n{number}",
        "city": "Paris",
        "rank": number,
        "price": Decimal("1.5"),
        "mirror": "café",
        "at": GeoPoint(2.35, 48.85),
        "body": f"É{number}",
        "tags": {"a", f"t{number}"},
        "queue": ["x", "y"],
        "board": {"m": 1.5},
        "heads": {"h": "v"},
        "notes": ["1", "2"],
    }


def fill(model: Any, first: str = "name") -> None:
    """Makes three objects."""
    for number in range(3):
        made = model(**values(number, first))
        made.places.geoadd({"paris": (2.35, 48.85)})


def declare_plain(database: Any) -> Any:
    """A model whose indexes the layout of limpyd 2 has as well."""
    fields = {
        "database": database,
        "key": PKField(),
        "name": StringField(indexable=True),
        "code": InstanceHashField(unique=True),
        "tags": SetField(indexable=True),
        "heads": HashField(indexable=True),
        "notes": ListField(),
    }
    return type("Thing", (RedisModel,), fields)


def fill_plain(model: Any) -> None:
    """Makes three objects."""
    for number in range(3):
        plain = {"name": f"n{number}", "code": f"c{number}", "tags": {"a", f"t{number}"}, "heads": {"h": "v"}}
        model(key=f"k{number}", notes=["1", "2"], **plain)


def declare_related(database: Any) -> Any:
    """A model to which others refer, with all that may come of a deletion."""
    thing = declare(database)
    fields = {
        "database": database,
        "key": PKField(),
        "owner": FKInstanceHashField(thing, related_name="owned", on_delete="clear"),
        "part_of": FKInstanceHashField(thing, related_name="parts", on_delete="cascade"),
        "seen": M2MSetField(thing, related_name="seen_by", on_delete="clear"),
        "title": StringField(indexable=True),
    }
    thing.note = type("Note", (RedisModel,), fields)
    return thing


def fill_related(thing: Any) -> None:
    """Makes objects that refer to each other."""
    fill(thing)
    for number in range(3):
        seen = {"k0", f"k{number}"}
        thing.note(key=f"m{number}", owner="k0", part_of=f"k{number}", seen=seen, title=f"t{number}")


class Operation(NamedTuple):
    """An operation.

    Attributes:
        prepare: makes what there is before it.
        run: does it.
        declare: declares the model.
        former: declares it as it was.
        layout: how its keys were made.
    """

    prepare: Callable[[Any], None]
    run: Callable[[Any], object]
    declare: Callable[[Any], Any] = declare
    former: Callable[[Any], Any] | None = None
    layout: str = "limpyd"


def damage(thing: Any) -> None:
    """Damage of several kinds."""
    fill(thing)
    with thing.database.connection.client() as client:
        client.srem("{thing}:eq:city:Paris", "k1")
        client.sadd("{thing}:eq:city:Nowhere", "k1")
        client.hset("{thing}:uniq:name", "stale", "k9")
        client.zadd("{thing}:num:rank", {"k9": 3})
        client.set("{thing}:field:body:k9", "half")
        client.set("{thing}:unexplained", "x")
        client.hset("{thing}:hash:k1", "unexplained", "x")
        client.pexpire("{thing}:field:rank:k1", 10**9)


def unbuild(thing: Any) -> None:
    fill(thing)
    thing.clear_indexes()


def transact(thing: Any) -> None:
    one, other = thing.lazy_connect("k0"), thing.lazy_connect("k1")
    with thing.database.transaction():
        one.tags.sadd("new")
        one.queue.lpop()
        one.heads.hset("h", "w")
        one.mirror.hset("Ü")
        other.delete()
        thing(key="k9", name="n9")
        one.board.zadd({"z": 2})
        one.rank.incr()


OPERATIONS = {
    "create": Operation(fill, lambda thing: thing(**values(9))),
    "update": Operation(fill, lambda thing: thing.lazy_connect("k0").update(city="Rom", body="Ü", tags={"q"}, rank=7)),
    "delete": Operation(fill, lambda thing: thing.lazy_connect("k0").delete()),
    "get_or_create": Operation(fill, lambda thing: thing.get_or_create(key="k9", defaults={"name": "n9", "rank": 4})),
    "update of a collection": Operation(
        fill, lambda thing: thing.collection(city="Paris").update(city="Rom", body="Ü")
    ),
    "delete of a collection": Operation(fill, lambda thing: thing.collection(city="Paris").delete()),
    "bulk_create": Operation(fill, lambda thing: thing.bulk_create([values(number) for number in (7, 8, 9)])),
    "bulk_create, update": Operation(
        fill, lambda thing: thing.bulk_create([values(number) for number in (2, 8)], on_conflict="update")
    ),
    "bulk_create, skip": Operation(
        fill, lambda thing: thing.bulk_create([values(number) for number in (2, 8)], on_conflict="skip")
    ),
    "bulk_update": Operation(
        fill, lambda thing: thing.bulk_update([("k0", {"city": "Rom", "tags": {"q"}}), ("k1", {"body": "Ü"})])
    ),
    "bulk_delete": Operation(fill, lambda thing: thing.bulk_delete(["k0", "k1"])),
    "rebuild_indexes": Operation(unbuild, lambda thing: thing.rebuild_indexes()),
    "clear_indexes": Operation(fill, lambda thing: thing.clear_indexes()),
    "check": Operation(damage, lambda thing: thing.check(repair=True)),
    "check, all": Operation(
        damage, lambda thing: thing.check(repair=["stale", "missing", "half", "unexplained", "expiring", "orphan"])
    ),
    "rename_from": Operation(
        fill, lambda thing: thing.rename_from("former"), former=lambda database: declare(database, "former")
    ),
    "rename_field": Operation(
        lambda former: fill(former, "title"),
        lambda thing: thing.rename_field("title", "name"),
        former=lambda database: declare(database, "thing", "title"),
    ),
    "migrate_from_limpyd2": Operation(
        fill_plain, lambda thing: thing.migrate_from_limpyd2(), declare_plain, declare_plain, "limpyd2"
    ),
    "transaction": Operation(fill, transact),
    "delete of what others refer to": Operation(
        fill_related, lambda thing: thing.lazy_connect("k0").delete(), declare_related
    ),
    "delete of a collection that others refer to": Operation(
        fill_related, lambda thing: thing.collection(city="Paris").delete(), declare_related
    ),
    "bulk_delete of what others refer to": Operation(
        fill_related, lambda thing: thing.bulk_delete(["k0", "k1"]), declare_related
    ),
}
CHECKS = {"rebuild_indexes", "clear_indexes", "check", "check, all"}
"""Those of which each finding, or entry, is a step of its own."""
BY_OBJECTS = {"rename_from", "rename_field", "migrate_from_limpyd2"}
"""Those of which each object is a step of its own; of bulk operations too."""


class Sandbox:
    """A server on which operations are done by an account that lacks some commands."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.client = redis.Redis(port=port)
        self._prepared: dict[Operation, tuple[Snapshot, dict[bytes, object]]] = {}

    def prepared(self, operation: Operation) -> dict[bytes, object]:
        """Has what there is before the operation, as it was the first time; all of that."""
        if operation in self._prepared:
            snapshot, before = self._prepared[operation]
            snapshot.put_back()
            return before
        self.client.flushall()
        database = RedisDatabase(port=self._port, layout=operation.layout)
        operation.prepare((operation.former or operation.declare)(database))
        database.close()
        before = state(self.client)
        self._prepared[operation] = Snapshot(self.client), before
        return before

    def run(self, operation: Operation, *lacking: str) -> tuple[dict[bytes, object], Exception | None, Any]:
        """What there is after an account did it that lacks commands, what it was told, and the model."""
        rules = [f"-{command}" for command in lacking]
        self.client.execute_command("ACL", "SETUSER", "limited", "reset", "on", ">secret", "~*", "&*", "+@all", *rules)
        database = RedisDatabase(port=self._port, username="limited", password="secret")
        told = None
        thing = operation.declare(database)
        try:
            operation.run(thing)
        except LimpydError as error:
            told = error
        database.close()
        return state(self.client), told, thing

    def commands_of(self, operation: Operation) -> set[str]:
        """What the operation sends, itself or by scripts."""
        self.prepared(operation)
        self.client.config_resetstat()
        self.run(operation)
        return {name.removeprefix("cmdstat_") for name in self.client.info("commandstats")}


@pytest.fixture
def sandbox(one_server):
    sandbox = Sandbox(one_server.port)
    yield sandbox
    sandbox.client.execute_command("ACL", "DELUSER", "limited")
    sandbox.client.close()


@pytest.mark.parametrize("name", OPERATIONS)
def test_one_command_is_missing(sandbox, name):
    operation = OPERATIONS[name]
    commands = (sandbox.commands_of(operation) | undoing_in_turn(name)) - ALWAYS
    sandbox.prepared(operation)
    done, told, _ = sandbox.run(operation)
    assert told is None, told
    faults = []
    for command in sorted(commands):
        before = sandbox.prepared(operation)
        after, told, thing = sandbox.run(operation, command)
        if isinstance(told, RollbackFailed):
            continue
        if told is None and after != done:
            faults.append(f"{command}: says nothing, and {difference(done, after)}")
        elif told is not None and after != before:
            fits = objects_fit(objects(before), objects(after), objects(done))
            by_objects = name in BY_OBJECTS or isinstance(told, BulkError)
            wrong = inconsistencies(sandbox.client, thing)
            wrong = [one for one in wrong if not (by_objects and one.startswith("orphan: :thing:meta"))]  # still to go
            whole = fits and (name in CHECKS or (by_objects and not wrong))
            if not whole:
                faults.append(
                    f"{command}: {type(told).__name__} {str(told)[:150]}, {wrong}, {difference(before, after)}"
                )
    assert not faults, "\n".join(faults)


def undoing_in_turn(name: str) -> set[str]:
    """The commands of `UNDOING` that are tried with an operation even if it does not send them."""
    number = list(OPERATIONS).index(name)
    return {command for command in UNDOING if (number + crc32(command.encode())) % STRIDE == 0}


def objects(found: dict[bytes, object]) -> dict[bytes, dict[bytes, object]]:
    """Of each object its values, under whatever name its model has."""
    values: dict[bytes, dict[bytes, object]] = {}
    for key, (_, value, _) in found.items():
        rest = key.partition(b"}:")[2] if b"}:" in key else key.partition(b":")[2]
        role, _, name = rest.partition(b":")
        if rest in {b"pks", b"collection"}:
            for pk in value:
                values.setdefault(pk, {})[b"there"] = True
        elif role == b"hash":
            values.setdefault(name, {})[b"hash"] = {
                b"name" if sub == b"title" else sub: held for sub, held in value.items()
            }
        elif role == b"field":
            field, _, pk = name.partition(b":")
            values.setdefault(pk, {})[field] = value
    return values


def objects_fit(before: Any, after: Any, done: Any) -> bool:
    """Whether each object is as it was, or as it was to become."""
    return all(after.get(pk) in (before.get(pk), done.get(pk)) for pk in before.keys() | after.keys() | done.keys())


def difference(one: dict[bytes, object], other: dict[bytes, object]) -> dict[bytes, object]:
    """The keys that differ."""
    return {key: (one.get(key), other.get(key)) for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
