"""What clients were promised while something happened to the server, and whether it was kept.

Each operation carries a token of its own. What came of it is noted: done, refused (then it must not have been
executed), or unknown. Afterwards the database is read past limpyd: a token that was done must be in every place where
its operation puts it, a refused one in none, an unknown one in all of them or none, and none of them twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import redis

from limpyd import (
    HashField,
    InstanceHashField,
    ListField,
    PKField,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
    VersionField,
)
from limpyd.relations import FKInstanceHashField
from tests.support.expected_indexes import inconsistencies

STARTED, DONE, REFUSED, UNKNOWN = "started", "done", "refused", "unknown"


def declare(base: Any, database_: Any, *, related: bool = True, partitions_: int = 1) -> tuple[Any, Any]:
    """The two models, on a face: accounts, one for each client and one for all, and the items that they hold.

    Args:
        related: items refer to accounts; else they only name them, so that each model can be on a node of its own.
        partitions_: of each model.
    """

    class Account(base):
        database = database_
        partitions = partitions_
        owner = PKField()
        count = StringField(type=int, indexable=True)
        text = StringField(indexable=True)
        name = InstanceHashField(unique=True)
        queue = ListField(indexable=True)
        tags = SetField(unique=True)
        board = SortedSetField(indexable=True)
        props = HashField(type=int, indexable=True)
        log = StreamField()

    class Item(base):
        database = database_
        partitions = partitions_
        token = PKField()
        note = StringField(unique=True)
        label = InstanceHashField(indexable=True)
        version = VersionField()
        holder: Any = InstanceHashField(indexable=True)
        if related:
            holder = FKInstanceHashField("Account", related_name="items", on_delete="cascade")

    return Account, Item


@dataclass
class Operation:
    """What was asked for: its kind, who did it, what came of it, and the number that it returned, if it did."""

    kind: str
    client: str
    outcome: str = STARTED
    number: int = 0


@dataclass
class Findings:
    """What came of many operations.

    Attributes:
        done, refused, unknown: how many were, as limpyd told its callers.
        lost: were done, and are not there.
        doubled: are there twice; or a caller got what is another's.
        ghosts: were refused, and are there.
        halves: are there in part.
        inconsistent: entries of indexes, keys and references that are wrong.
        examples: of what is wrong.
    """

    done: int = 0
    refused: int = 0
    unknown: int = 0
    lost: int = 0
    doubled: int = 0
    ghosts: int = 0
    halves: int = 0
    inconsistent: int = 0
    examples: list[str] = field(default_factory=list)

    def __iadd__(self, other: Findings) -> Self:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        del self.examples[MAX_EXAMPLES:]
        return self

    def broken(self, *, durable: bool = True) -> int:
        """How many promises were not kept; what was lost counts only where the server had promised to keep it."""
        return self.lost * durable + self.doubled + self.ghosts + self.halves + self.inconsistent


class Promises:
    """All that clients asked for, and what came of it."""

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}

    def note(self, token: str, kind: str, client: str, outcome: str, number: int = 0) -> None:
        """Notes that an operation has begun, or ended."""
        self.operations[token] = Operation(kind, client, outcome, number)

    def judged(self, client: redis.Redis, models: tuple[Any, ...], *, durable: bool = True) -> Findings:
        """Whether they were kept, by what is in the database.

        Args:
            client: of the server.
            models: the accounts and the items.
            durable: whether what was done must still be there; else numbers that are lost are given again.
        """
        findings = Findings()
        found = Found(client, models)
        for token, operation in self.operations.items():
            _count_outcome(findings, operation.outcome)
            times = list(found.times(token, operation))
            if times:
                _judge(findings, token, operation, times)
        self._judge_counters(findings, found, durable=durable)
        self._judge_names(findings, found)
        problems = wrong(client, models)
        findings.inconsistent += len(problems)
        findings.examples += problems[:3]
        return findings

    def _judge_counters(self, findings: Findings, found: Found, *, durable: bool) -> None:
        """INCR was executed for each that was done, for some of the unknown ones, and for no other."""
        for owner in {operation.client for operation in self.operations.values() if operation.kind == "incr"}:
            mine = [one for one in self.operations.values() if one.kind == "incr" and one.client == owner]
            done = [one.number for one in mine if one.outcome == DONE]
            perhaps = sum(one.outcome in {UNKNOWN, STARTED} for one in mine)
            count = found.counts.get(owner, 0)
            findings.lost += max(0, len(done) - count)
            findings.doubled += max(0, count - len(done) - perhaps)
            findings.doubled += len(done) - len(set(done)) if durable else 0
            if not len(done) <= count <= len(done) + perhaps:
                findings.examples.append(f"{owner} counted {count}; {len(done)} were done and {perhaps} are unknown")

    def _judge_names(self, findings: Findings, found: Found) -> None:
        """The last name that was given is there, or one of which nothing is known, which may come late."""
        for owner in {operation.client for operation in self.operations.values() if operation.kind == "name"}:
            mine = {token: one for token, one in self.operations.items() if one.kind == "name" and one.client == owner}
            allowed = {token for token, one in mine.items() if one.outcome in {UNKNOWN, STARTED}}
            done = [token for token, one in mine.items() if one.outcome == DONE]
            name = found.names.get(owner, "")
            if name not in allowed and name != (done[-1] if done else owner):
                findings.lost += 1
                findings.examples.append(f"{owner} is named {name!r}, not {done[-1:]}")


class Found:
    """What is stored, read past limpyd."""

    def __init__(self, client: redis.Redis, models: tuple[Any, ...]) -> None:
        self._client = client
        self._related = hasattr(models[0], "items")
        self._account_keys, self._item_keys = (model._schema.keys for model in models)
        owners = self._all(self._account_keys)
        self.counts = {owner: int(self._field("count", owner, "get") or 0) for owner in owners}
        self.names = {owner: text(client.hget(self._account(owner, "hash:"), "name") or b"") for owner in owners}
        self._owners = set(owners)
        self._queues = {owner: Counter(map(text, self._field("queue", owner, "lrange", 0, -1))) for owner in owners}
        self._texts = {owner: Counter(text(self._field("text", owner, "get") or b"").split(";")) for owner in owners}
        self._tags = {owner: self._members(self._account(owner, "field:tags:")) for owner in owners}
        boards = {owner: self._field("board", owner, "zrange", 0, -1, withscores=True) for owner in owners}
        self._boards = {owner: {text(member): int(score) for member, score in boards[owner]} for owner in owners}
        props = {owner: self._field("props", owner, "hgetall") for owner in owners}
        self._props = {owner: {text(key): int(value) for key, value in props[owner].items()} for owner in owners}
        logs = {owner: self._field("log", owner, "xrange") for owner in owners}
        self._logs = {owner: Counter(text(entry[b"t"]) for _, entry in logs[owner]) for owner in owners}
        self._items = self._all(self._item_keys)

    def times(self, token: str, operation: Operation) -> Iterator[int]:  # noqa: PLR0912 - a case for each kind
        """How often a token is in each place where its operation puts it, or whether it is gone from each."""
        kind, mine = operation.kind, operation.client
        match kind:
            case "push" | "piped" | "watched" | "together":
                yield self._queues.get(mine, Counter())[token]
            case "append":
                yield self._texts.get(mine, Counter())[token]
            case "tag":
                yield int(token in self._tags.get(mine, ()))
            case "score":
                yield self._boards.get(mine, {}).get(token, 0)
            case "prop":
                yield self._props.get(mine, {}).get(token, 0)
            case "log":
                yield self._logs.get(mine, Counter())[token]
        match kind:
            case "create":
                yield from self._parts(token)
            case "bulk":
                for number in range(BULK):
                    yield from self._parts(f"{token}.{number}")
            case "together":
                yield self._queues.get("shared", Counter())[token]
                if self._related:
                    yield from self._parts(token)
            case "update":
                yield int(self._client.get(self._item(token, "field:note:")) == f"{token}!".encode())
                yield int(self._client.hget(self._item(token, "hash:"), "label") == b"!")
                yield int(self._client.hget(self._item(token, "hash:"), "version") or 1) - 1
            case "delete":
                yield from (1 - times for times in self._parts(token))
            case "cascade":
                yield int(token not in self._owners)
                for number in range(BULK):
                    yield from (1 - times for times in self._parts(f"{token}.{number}"))

    def _parts(self, pk: str) -> Iterator[int]:
        """Each part of an item: whether it is there."""
        yield int(pk in self._items)
        yield self._client.exists(self._item(pk, "field:note:"))
        yield self._client.exists(self._item(pk, "hash:"))
        note = self._client.get(self._item(pk, "field:note:"))
        unique = self._item_keys.partition(pk.encode()).prefix + b"uniq:note"
        yield int(self._client.hget(unique, note or b"") is not None)

    def _field(self, name: str, owner: str, command: str, *args: Any, **options: Any) -> Any:
        return getattr(self._client, command)(self._account(owner, f"field:{name}:"), *args, **options)

    def _account(self, pk: str, part: str) -> bytes:
        return key_of(self._account_keys, pk, part)

    def _item(self, pk: str, part: str) -> bytes:
        return key_of(self._item_keys, pk, part)

    def _all(self, keys: Any) -> set[str]:
        """The primary keys of a model."""
        return {pk for partition in keys.partitions for pk in self._members(partition.pks)}

    def _members(self, key: bytes) -> set[str]:
        return set(map(text, self._client.smembers(key)))  # type: ignore[arg-type]


def key_of(keys: Any, pk: str, part: str) -> bytes:
    """The key of a part of an object, in its partition."""
    raw = pk.encode()
    return b"%b%b%b" % (keys.partition(raw).prefix, part.encode(), raw)


MAX_EXAMPLES = 10
BULK = 3
"""How many items are created at once."""


def text(raw: bytes) -> str:
    return raw.decode()


def wrong(client: redis.Redis, models: tuple[Any, ...]) -> list[str]:
    """What is wrong with the data of models that refer to each other: indexes, orphans, and references to nobody."""
    found = []
    for model in models:
        others = tuple(
            f"orphan: {partition.prefix.decode()}"
            for one in models
            if one is not model
            for partition in one._schema.keys.partitions
        )
        found += [problem for problem in inconsistencies(client, model) if not problem.startswith(others)]
        found += list(values_of_two_owners(client, model))
    owners = {pk for partition in models[0]._schema.keys.partitions for pk in client.smembers(partition.pks)}
    for partition in models[1]._schema.keys.partitions if hasattr(models[0], "items") else ():
        for pk in client.smembers(partition.pks):
            holder = client.hget(partition.prefix + b"hash:" + pk, "holder")
            if holder is not None and holder not in owners:
                found.append(f"item {pk!r} is held by {holder!r}, which is gone")
    return found


def values_of_two_owners(client: redis.Redis, model: Any) -> Iterator[str]:
    """What should be unique over partitions, and is not."""
    partitions = model._schema.keys.partitions
    for name in {key[len(prefix) :] for prefix, key in _unique_indexes(model)}:
        owners: Counter[bytes] = Counter()
        for partition in partitions:
            owners.update(client.hkeys(partition.prefix + name))  # type: ignore[arg-type]
        yield from (f"two owners: {name!r} {value!r}" for value, count in owners.items() if count > 1)


def _unique_indexes(model: Any) -> Iterator[tuple[bytes, bytes]]:
    first = model._schema.keys.partitions[0]
    for declared in model._schema.value_fields.values():
        for index in declared.place_in(first).indexes:
            if index.key.startswith(first.prefix + b"uniq:"):
                yield first.prefix, index.key


def _count_outcome(findings: Findings, outcome: str) -> None:
    name = UNKNOWN if outcome == STARTED else outcome
    setattr(findings, name, getattr(findings, name) + 1)


def _judge(findings: Findings, token: str, operation: Operation, times: list[int]) -> None:
    """Looks at how often a token is in each place."""
    told = f"{operation.kind} {token} ({operation.outcome}): {times}"
    if len(set(times)) > 1:
        findings.halves += 1
    elif times[0] > 1:
        findings.doubled += 1
    elif operation.outcome == DONE and times[0] == 0:
        findings.lost += 1
    elif operation.outcome == REFUSED and times[0] == 1:
        findings.ghosts += 1
    else:
        return
    findings.examples.append(told)
