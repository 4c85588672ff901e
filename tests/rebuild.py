"""What the indexes of a model should be, worked out from its values by other means than limpyd's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

import redis

from limpyd import RedisModel
from limpyd.fields import InstanceHashField

Entry = tuple[str, str, object, str]
"""Kind of index, field, value, primary key."""


def state(client: redis.Redis) -> dict[bytes, object]:
    """Everything in the database: the values (in what order a hash keeps them says nothing) and expiries."""
    read = {b"string": client.get, b"hash": client.hgetall, b"set": client.smembers}
    return {
        key: (read.get(client.type(key), client.dump)(key), client.pexpiretime(key))
        for key in client.scan_iter(count=10000)
    }


def inconsistencies(client: redis.Redis, model: type[RedisModel]) -> list[str]:
    """What is wrong with a model's data; nothing if each index equals a rebuild and nothing is orphaned."""
    tag = "{" + model._schema.keys.tag + "}:"
    pks = {text(pk) for pk in client.smembers(f"{tag}pks")}
    expected, found = Counter(entries_of_values(client, model, tag, pks)), Counter(entries_found(client, model, tag))
    owned = {f"{tag}pks", f"{tag}seq"} | {f"{tag}hash:{pk}" for pk in pks}
    owned |= {f"{tag}field:{name}:{pk}" for name in model._schema.value_fields for pk in pks}
    indexes = (f"{tag}eq:", f"{tag}uniq:")
    keys = {text(key) for key in client.scan_iter(count=10000)}
    problems = [f"orphan: {key}" for key in keys - owned if not key.startswith(indexes)]
    problems += [f"missing: {entry}" for entry in expected - found]
    problems += [f"stale: {entry}" for entry in found - expected]
    return problems


def entries_of_values(client: redis.Redis, model: type[RedisModel], tag: str, pks: set[str]) -> Iterator[Entry]:
    """The entries that there should be."""
    for name, field in model._schema.value_fields.items():
        if not field.indexable:
            continue
        for pk in pks:
            if isinstance(field, InstanceHashField):
                value = client.hget(f"{tag}hash:{pk}", name)
            else:
                value = client.get(f"{tag}field:{name}:{pk}")
            if value is not None:
                yield "uniq" if field.unique else "eq", name, comparable(model, name, value), pk


def entries_found(client: redis.Redis, model: type[RedisModel], tag: str) -> Iterator[Entry]:
    """The entries that there are."""
    for key in client.scan_iter(count=10000):
        kind, _, rest = text(key).removeprefix(tag).partition(":")
        name, _, value = rest.partition(":")
        if kind == "uniq":
            for owned_value, pk in client.hgetall(key).items():
                yield kind, name, comparable(model, name, owned_value), text(pk)
        elif kind == "eq":
            for pk in client.smembers(key):
                yield kind, name, comparable(model, name, value.encode("utf-8", "surrogateescape")), text(pk)


def comparable(model: type[RedisModel], field: str, value: bytes) -> object:
    """A stored value, as what it is equal by."""
    number = {"float": float, "Decimal": Decimal}.get(model._schema.fields[field].codec.name)
    return value if number is None else number(value.decode())


def text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
