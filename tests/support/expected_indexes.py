"""What the indexes of a model should be, worked out from its values by other means than limpyd's."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import redis

from limpyd import EqualIndexWith, RedisModel, ScoredEqualIndex
from limpyd.indexes.field_index import FieldIndex

Entry = tuple[str, object, object, str]
"""Key of an index, sub-key in a HashField or None, what is kept of a value, primary key."""

META = re.compile(rb"\{[^{}]*\}[^{}:]*:meta")
"""The keys of what is known of indexes."""

COORDINATION = re.compile(
    r"\{[^{}]*:\d+[.\d]*\}:(claim:|nonce:|(given_up|clock|barred|history|recent|forgotten|closing|tomb)$)|\{[^{}]*\}:partitions$"
)
"""The keys by which several partitions agree."""

EVERYTHING = """
local function expiries_of(key)
  local subs, found = redis.call('HKEYS', key), {}
  for first = 1, #subs, 1000 do
    local last = math.min(first + 999, #subs)
    local times = redis.pcall('HPEXPIRETIME', key, 'FIELDS', last - first + 1, unpack(subs, first, last))
    for at = 1, #times do
      if times[at] > 0 then
        found[#found + 1] = subs[first + at - 1]
        found[#found + 1] = times[at]
      end
    end
  end
  return found
end
local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  if not string.find(key, '^{[^{}]*}[^{}:]*:meta$') then
    local kind = redis.call('TYPE', key).ok
    local value
    if kind == 'string' then value = redis.call('GET', key)
    elseif kind == 'hash' then value = redis.call('HGETALL', key)
    elseif kind == 'set' then value = redis.call('SMEMBERS', key)
    elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
    elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
    else value = redis.call('DUMP', key) end
    found[#found + 1] = { key, kind, value, redis.call('PEXPIRETIME', key), kind == 'hash' and expiries_of(key) or {} }
  end
end
return found
"""


def everything(client: redis.Redis | redis.RedisCluster) -> list[Any]:
    """All keys of a server with their content, or of all primaries of a cluster, without those of `META`."""
    if isinstance(client, redis.RedisCluster):
        nodes = client.get_primaries()
        return [found for node in nodes for found in client.execute_command("EVAL", EVERYTHING, 0, target_nodes=node)]
    return list(client.eval(EVERYTHING, 0))  # type: ignore[arg-type]


def state(client: redis.Redis) -> dict[bytes, tuple[bytes, Any, Any]]:
    """Everything in the database: the values (in what order a hash or set keeps them says nothing) and expiries.

    Those of single entries of a hash stand beside that of its key; of a stream the dump holds what its groups know.

    What is known of indexes is left out: the first write of a process notes it, also one that is refused.
    """
    plain: Any = {b"hash": lambda flat: dict(zip(flat[::2], flat[1::2], strict=True)), b"set": frozenset}
    return {
        key: (
            kind,
            plain.get(kind, lambda value: value)(value),
            (expires, dict(zip(subs[::2], subs[1::2], strict=True))) if subs else expires,
        )
        for key, kind, value, expires, subs in everything(client)
    }


def values(client: redis.Redis) -> dict[bytes, Any]:
    """The values of all keys of `state`."""
    return {key: value for key, (_, value, _) in state(client).items()}


def inconsistencies(client: redis.Redis, model: type[RedisModel]) -> list[str]:
    """What is wrong with a model's data; nothing if each index equals a rebuild and nothing is orphaned."""
    stored: Any = {text(key): value for key, (_, value, _) in state(client).items()}
    problems: list[str] = []
    owned: set[str] = set()
    for partition in model._schema.keys.partitions:
        of_partition, keys = _in_partition(stored, model, partition)
        problems += of_partition
        owned |= keys
    return problems + [f"orphan: {key}" for key in stored.keys() - owned if not COORDINATION.match(key)]


def _in_partition(stored: dict[str, Any], model: type[RedisModel], where: Any) -> tuple[list[str], set[str]]:
    """What is wrong in a partition, and the keys that it should have."""
    tag = text(where.prefix)
    pks = {text(pk) for pk in stored.get(f"{tag}pks", ())}
    owned = {f"{tag}pks", f"{tag}seq", f"{tag}meta"} | {f"{tag}hash:{pk}" for pk in pks}
    owned |= {f"{tag}field:{name}:{pk}" for name in model._schema.value_fields for pk in pks}
    problems: list[str] = []
    versions = []
    for dynamic in model._schema.dynamic.values():
        owned |= {f"{tag}field:{dynamic.name}:{pk}" for pk in pks}
        parts = {pk: parts_of(stored, tag, dynamic.name, pk) for pk in pks}
        versions += [dynamic.get_for(part) for part in sorted(set().union(*parts.values()))]
        for pk, found_parts in parts.items():
            listed = {text(part) for part in stored.get(f"{tag}field:{dynamic.name}:{pk}", ())}
            problems += [f"not in the inventory: {dynamic.name} {part!r} {pk}" for part in found_parts - listed]
            problems += [f"in the inventory: {dynamic.name} {part!r} {pk}" for part in listed - found_parts]
    owned |= {f"{tag}field:{version.key_name}:{pk}" for version in versions for pk in pks}
    for field in (*model._schema.value_fields.values(), *versions):
        for index in field.place_in(where).indexes:
            expected = {entry for pk in pks for entry in entries_of_object(stored, model, tag, index, pk)}
            keys = [key for key in stored if belongs(key, text(index.key)) and key not in owned]
            owned.update(keys)
            found = Counter(entry for key in keys for entry in entries_found(index, key, stored[key]))
            problems += [f"twice: {entry}" for entry, times in found.items() if times > 1]
            problems += [f"missing: {entry}" for entry in expected - found.keys()]
            problems += [f"stale: {entry}" for entry in found.keys() - expected]
    return problems, owned


def parts_of(stored: dict[str, Any], tag: str, field: str, pk: str) -> set[str]:
    """The parts of the versions of a dynamic field that an object has."""
    beginning, ending = f"{tag}field:{field}.", f":{pk}"
    names = [key[len(beginning) : -len(ending)] for key in stored if key.startswith(beginning) and key.endswith(ending)]
    subs = stored.get(f"{tag}hash:{pk}", ())
    names += [text(sub)[len(field) + 1 :] for sub in subs if text(sub).startswith(f"{field}.")]
    parts = (name.partition(":")[::2] for name in names)
    return {part for length, part in parts if length.isdigit() and int(length) == len(raw(part))}


def belongs(key: str, index: str) -> bool:
    """Whether a key is that of an index, or one of its keys."""
    return key == index or key.startswith(index if index.endswith(":") else index + ":")


def entries_of_object(
    stored: dict[str, Any], model: type[RedisModel], tag: str, index: FieldIndex, pk: str
) -> Iterator[Entry]:
    """The entries that there should be of an object."""
    key, field, declared = text(index.key), index.field, index.index
    if isinstance(declared, EqualIndexWith | ScoredEqualIndex):
        others = [declared.score_field] if isinstance(declared, ScoredEqualIndex) else declared.other_fields
        fields = [field, *(model._schema.fields[name] for name in others)]
        values = [list(values_of(stored, tag, one, pk)) for one in fields]
        if all(values):
            texts: list[Any] = [comparable(one, value[0][1]) for one, value in zip(fields, values, strict=True)]
            if isinstance(declared, ScoredEqualIndex):
                texts[1] = number(fields[1], values[1][0][1])
            yield key, None, tuple(texts), pk
        return
    for sub, value, score in values_of(stored, tag, field, pk):
        if index.kind.name == b"geos":
            yield key, sub, float(score), pk
        elif index.kind.name == b"geo":
            yield key, sub, geohash(*map(float, value.decode().split(","))), pk
        else:
            for kept in kept_of(index, value):
                yield key, sub, kept, pk


def values_of(stored: dict[str, Any], tag: str, field: Any, pk: str) -> Iterator[tuple[bytes | None, bytes, Any]]:
    """The values of a field, with sub-key and score where it has such."""
    if field.stored_as == b"entry":
        value = stored.get(f"{tag}hash:{pk}", {}).get(raw(field.key_name))
    else:
        value = stored.get(f"{tag}field:{field.key_name}:{pk}")
    if value is None:
        return
    if field.redis_type == "string" or field.stored_as == b"entry":
        yield None, value, None
    elif field.redis_type == "hash":
        yield from ((sub, each, None) for sub, each in value.items())
    elif field.redis_type == "zset":
        yield from ((None, member, score) for member, score in zip(value[::2], value[1::2], strict=True))
    else:
        yield from ((None, member, None) for member in value)


def kept_of(index: FieldIndex, value: bytes) -> list[object]:
    """What an index should keep of a value."""
    declared = getattr(index.index, "_of", index.index)
    steps = declared.all_steps(index.field)
    folded = not getattr(declared, "case_sensitive", True)
    if not steps and not folded:
        return [number(index.field, value) if index.kind.name in {b"num", b"nums"} else comparable(index.field, value)]
    made: Any = value
    for step in steps:
        if step == "casefold":
            made = made.decode("utf-8", "surrogateescape").casefold().encode("utf-8", "surrogateescape")
        elif isinstance(step, str):
            first, last = map(int, step.removeprefix("slice:").split(":"))
            made = made[first - 1 : last]
        else:
            made = step(index.field.codec.decode(made) if made is value else made)
    several = made if isinstance(made, list | tuple | set) else [] if made is None else [made]
    texts = [one.encode("utf-8", "surrogateescape") if isinstance(one, str) else one for one in several]
    if folded:
        return [one.decode("utf-8", "surrogateescape").casefold().encode("utf-8", "surrogateescape") for one in texts]
    return [float(one) for one in texts] if index.kind.name in {b"num", b"nums"} else texts


def number(field: Any, stored: bytes) -> float:
    """A stored value as a number."""
    value = field.codec.decode(stored)
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)
    if isinstance(value, date):
        return value.toordinal()
    if isinstance(value, time):
        return (
            timedelta(hours=value.hour, minutes=value.minute, seconds=value.second) / timedelta(microseconds=1)
            + value.microsecond
        )
    return value / timedelta(microseconds=1) if isinstance(value, timedelta) else float(value)


def entries_found(index: FieldIndex, key: str, content: Any) -> Iterator[Entry]:
    """The entries that are under a key of an index."""
    start = text(index.key)
    rest = raw(key.removeprefix(start))
    kind = index.kind.name
    if kind in {b"eq", b"uniq"}:
        pairs = content.items() if kind == b"uniq" else ((rest, pk) for pk in content)
        for entry, pk in pairs:
            yield start, *entry_of(index, entry), text(pk)
        return
    sub = rest[1:] if rest else None
    for member, score in zip(content[::2], content[1::2], strict=True):
        if kind == b"scored":
            yield start, None, (comparable(index.field, rest), float(score)), text(member)
        elif kind in {b"num", b"geo"}:
            yield start, sub, float(score), text(member)
        elif kind == b"lex":
            kept, _, pk = member.partition(b"\0\0")
            plain = kept.replace(b"\0\xff", b"\0")
            yield start, sub, plain if transforms(index) else comparable(index.field, plain), text(pk)
        else:
            kept, _, pk = member.partition(b":")
            with contextlib.suppress(ValueError):
                if float(kept) == float(score):
                    yield start, sub, float(score), text(pk)
                    continue
            yield start, sub, (member, score), "?"


def entry_of(index: FieldIndex, entry: bytes) -> tuple[bytes | None, object]:
    """The sub-key that an entry is under, and what it keeps."""
    if isinstance(index.index, EqualIndexWith):
        fields = index.fields  # type: ignore[attr-defined]
        texts = []
        for field in fields:
            one, entry = netstring(entry)
            texts.append(comparable(field, one))
        return None, tuple(texts)
    sub = None
    if index.field.has_subkeys:
        sub, entry = netstring(entry)
        entry = entry[1:]
    return sub, entry if transforms(index) else comparable(index.field, entry)


def transforms(index: FieldIndex) -> bool:
    """Whether it keeps something else than the value."""
    declared = getattr(index.index, "_of", index.index)
    return bool(declared.all_steps(index.field)) or not getattr(declared, "case_sensitive", True)


def netstring(packed: bytes) -> tuple[bytes, bytes]:
    length, _, rest = packed.partition(b":")
    return rest[: int(length)], rest[int(length) :]


def comparable(field: Any, value: bytes) -> object:
    """A stored value, as what it is equal by."""
    kind = {"float": float, "Decimal": Decimal}.get(field.codec.name)
    return value if kind is None else kind(value.decode())


def geohash(longitude: float, latitude: float) -> float:
    """Where a place is in the order of a geohash of 52 bits."""
    east = int((longitude + 180) / 360 * 2**26)
    north = int((latitude + 85.05112878) / 170.10225756 * 2**26)
    return float(int("".join(e + n for e, n in zip(f"{east:026b}", f"{north:026b}", strict=True)), 2))


def text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
