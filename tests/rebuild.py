"""What the indexes of a model should be, worked out from its values by other means than limpyd's."""

from __future__ import annotations

from collections import Counter

import redis

from limpyd import RedisModel
from limpyd.fields import InstanceHashField

Entry = tuple[str, str, object, str]
"""Kind of index, field, value, primary key."""


def state(client: redis.Redis) -> dict[bytes, bytes | None]:
    """Everything in the database."""
    return {key: client.dump(key) for key in client.scan_iter(count=10000)}


def inconsistencies(client: redis.Redis, model: type[RedisModel]) -> list[str]:
    """What is wrong with a model's data; nothing if each index equals a rebuild and nothing is orphaned."""
    tag = "{" + model._schema.keys.tag + "}:"
    pks = {text(pk) for pk in client.smembers(f"{tag}pks")}
    expected: Counter[Entry] = Counter()
    owned = {f"{tag}pks", f"{tag}seq"}
    for pk in pks:
        owned.add(f"{tag}hash:{pk}")
        for name, field in model._schema.value_fields.items():
            if isinstance(field, InstanceHashField):
                value = client.hget(f"{tag}hash:{pk}", name)
            else:
                owned.add(f"{tag}field:{name}:{pk}")
                value = client.get(f"{tag}field:{name}:{pk}")
            if value is not None and field.indexable:
                kind = "uniq" if field.unique else "eq"
                expected[kind, name, comparable(model, name, value), pk] += 1
    found: Counter[Entry] = Counter()
    problems = []
    for raw in client.scan_iter(count=10000):
        key = text(raw)
        kind, _, rest = key.removeprefix(tag).partition(":")
        if kind == "uniq":
            for value, pk in client.hgetall(raw).items():
                found[kind, rest, comparable(model, rest, value), text(pk)] += 1
        elif kind == "eq":
            name, _, value = rest.partition(":")
            for pk in client.smembers(raw):
                found[kind, name, comparable(model, name, value.encode("utf-8", "surrogateescape")), text(pk)] += 1
        elif key not in owned:
            problems.append(f"orphan: {key}")
    problems += [f"missing: {entry}" for entry in expected - found]
    problems += [f"stale: {entry}" for entry in found - expected]
    return problems


def comparable(model: type[RedisModel], field: str, value: bytes) -> object:
    """A stored value, as what it is equal by."""
    return float(value) if model._schema.fields[field].codec.name == "float" else value


def text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
