"""What the indexes of a model should be, worked out from its values by other means than limpyd's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import redis

from limpyd import RedisModel
from limpyd.fields import InstanceHashField

Entry = tuple[str, str, object, str]
"""Kind of index, field, value (with its sub-key, in a HashField), primary key."""

EVERYTHING = """
local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind = redis.call('TYPE', key).ok
  local value
  if kind == 'string' then value = redis.call('GET', key)
  elseif kind == 'hash' then value = redis.call('HGETALL', key)
  elseif kind == 'set' then value = redis.call('SMEMBERS', key)
  elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
  elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  else value = redis.call('DUMP', key) end
  found[#found + 1] = { key, kind, value, redis.call('PEXPIRETIME', key) }
end
return found
"""


def state(client: redis.Redis) -> dict[bytes, object]:
    """Everything in the database: the values (in what order a hash or set keeps them says nothing) and expiries."""
    plain: Any = {b"hash": lambda flat: dict(zip(flat[::2], flat[1::2], strict=True)), b"set": frozenset}
    return {
        key: (kind, plain.get(kind, lambda value: value)(value), expires)
        for key, kind, value, expires in client.eval(EVERYTHING, 0)
    }


def inconsistencies(client: redis.Redis, model: type[RedisModel]) -> list[str]:
    """What is wrong with a model's data; nothing if each index equals a rebuild and nothing is orphaned."""
    tag = "{" + model._schema.keys.tag + "}:"
    stored: Any = {text(key): value for key, (_, value, _) in state(client).items()}
    pks = {text(pk) for pk in stored.get(f"{tag}pks", ())}
    expected = Counter(entries_of_values(stored, model, tag, pks))
    found = Counter(entries_found(stored, model, tag))
    owned = {f"{tag}pks", f"{tag}seq"} | {f"{tag}hash:{pk}" for pk in pks}
    owned |= {f"{tag}field:{name}:{pk}" for name in model._schema.value_fields for pk in pks}
    indexes = (f"{tag}eq:", f"{tag}uniq:")
    problems = [f"orphan: {key}" for key in stored.keys() - owned if not key.startswith(indexes)]
    problems += [f"missing: {entry}" for entry in expected - found]
    problems += [f"stale: {entry}" for entry in found - expected]
    return problems


def entries_of_values(stored: dict[str, Any], model: type[RedisModel], tag: str, pks: set[str]) -> Iterator[Entry]:
    """The entries that there should be."""
    for name, field in model._schema.value_fields.items():
        if not field.indexable:
            continue
        kind = "uniq" if field.unique else "eq"
        for pk in pks:
            if isinstance(field, InstanceHashField):
                value = stored.get(f"{tag}hash:{pk}", {}).get(name.encode())
                values: Any = [] if value is None else [value]
            else:
                values = stored.get(f"{tag}field:{name}:{pk}", ())
                values = {"string": lambda value: [value] if value != () else [], "zset": lambda flat: flat[::2]}.get(
                    field.redis_type, lambda value: value
                )(values)
            if field.has_subkeys:
                for sub, value in dict(values).items():
                    yield kind, name, (sub, comparable(model, name, value)), pk
            else:
                for value in set(values):
                    yield kind, name, comparable(model, name, value), pk


def entries_found(stored: dict[str, Any], model: type[RedisModel], tag: str) -> Iterator[Entry]:
    """The entries that there are."""
    for key, content in stored.items():
        kind, _, rest = key.removeprefix(tag).partition(":")
        name, _, value = rest.partition(":")
        if kind == "uniq":
            for owned_value, pk in content.items():
                yield kind, name, indexed(model, name, owned_value), text(pk)
        elif kind == "eq":
            for pk in content:
                yield kind, name, indexed(model, name, value.encode("utf-8", "surrogateescape")), text(pk)


def indexed(model: type[RedisModel], field: str, entry: bytes) -> object:
    """The value that an entry stands for, with its sub-key if the field has such."""
    if not model._schema.fields[field].has_subkeys:
        return comparable(model, field, entry)
    length, _, rest = entry.partition(b":")
    sub, value = rest[: int(length)], rest[int(length) + 1 :]
    return sub, comparable(model, field, value)


def comparable(model: type[RedisModel], field: str, value: bytes) -> object:
    """A stored value, as what it is equal by."""
    number = {"float": float, "Decimal": Decimal}.get(model._schema.fields[field].codec.name)
    return value if number is None else number(value.decode())


def text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
