"""Writers of unique values over partitions, one step at a time: each step is one message to one partition.

They run what limpyd runs, but stop after each message, so a test decides whose step comes next. A writer that takes no
more steps was killed.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

import redis

from limpyd.claims.claim import PartitionClaim
from limpyd.claims.unique_value import UniqueValue
from limpyd.exceptions import UniquenessError
from limpyd.model.crud import creation
from limpyd.requests.decoders import returned
from limpyd.requests.request import Request
from limpyd.requests.scattered import Pause
from tests.support.expected_indexes import values

Steps = Generator[tuple[Request[Any], tuple[Any, ...]] | None, Any, str]
"""Yields each request with what is sent for it, or None for a pause, and is sent the reply; returns the outcome."""


def setting(bound: Any, value: str | None) -> Steps:
    """Sets a unique field of an object, or removes its value; returns `ok` or `taken`."""
    kind = type(bound)
    return _written(kind.hdel.describe(bound) if value is None else kind.hset.describe(bound, value))


def creating(model: Any, pk: str, value: str) -> Steps:
    """Creates an object with a unique value; returns `ok` or `taken`."""
    return _written(creation(model._schema, {"pk": pk, "email": value}, returned))


def _written(request: Request[Any]) -> Steps:
    while True:
        guards = []
        for assumption in request.assumes:
            while (guard := assumption.guard()) is None:
                try:
                    yield from asked(assumption.question())
                    assumption.check()
                except UniquenessError:
                    return "taken"
            guards.append(guard)
        reply = yield request, request.args_under(guards)
        if isinstance(reply, redis.ResponseError):
            assert str(reply).startswith("OUTDATED "), reply
            for assumption in request.assumes:
                if isinstance(assumption, PartitionClaim):
                    assumption.invalidate()
            continue
        instead = None if request.retry_with is None else request.retry_with(request, reply)
        if instead is None:
            try:
                request.decode(reply)
            except UniquenessError:
                return "taken"
            return "ok"
        request = instead


def asked(request: Any) -> Generator[Any, Any, Any]:
    """Yields each message of a request to several partitions; returns its result."""
    rounds = request.begin()
    found: Any = None
    while True:
        try:
            asked = rounds.send(found)
        except StopIteration as end:
            return end.value
        found = []
        if isinstance(asked, Pause):
            yield None
        else:
            for each in asked:
                args = each.args_under([assumption.guard() for assumption in each.assumes])
                found.append(each.decode((yield each, args) if each.args else None))


class Case(NamedTuple):
    """What some writers do.

    Attributes:
        name: its name.
        writers: the operations of each: an object, and the value that it gets, or None. An object whose primary key
            begins with a plus is created.
        before: the values of objects before.
    """

    name: str
    writers: Sequence[Sequence[tuple[str, str | None]]]
    before: Sequence[tuple[str, str]] = ()


class World:
    """Objects of a model in several partitions, and writers of their unique field.

    Args:
        model: the model, with a primary key and the unique field `email`.
        client: a client of its server.
    """

    def __init__(self, model: Any, client: redis.Redis) -> None:
        self.model = model
        self.keys = model._schema.keys
        self.client = client

    def begin(self, case: Case) -> list[Steps]:
        """Stores what is there before, and returns the writers of a case."""
        if not self.client.exists(self.keys.first.history):
            self.model(pk="first", email="first")  # restores, since nothing is known of claims
        keys = self.client.scan_iter("{claiming:*}:*", count=1000)
        if outdated := [key for key in keys if not key.endswith((b":meta", b":history"))]:
            self.client.delete(*outdated)
        before = dict(case.before)
        for pk in {pk for writer in case.writers for pk, _ in writer if not pk.startswith("+")} | before.keys():
            self.model(pk=pk, email=before.get(pk), other="x")
        self.model._schema.maintenance.at(self.keys.first)
        return [self.writer(operations) for operations in case.writers]

    def writer(self, operations: Sequence[tuple[str, str | None]]) -> Steps:
        outcomes = []
        for pk, value in operations:
            if pk.startswith("+"):
                outcomes.append((yield from creating(self.model, pk, value or "")))
            else:
                outcomes.append((yield from setting(self.model.lazy_connect(pk).email, value)))
        return " ".join(outcomes)

    def sent(self, asked: tuple[Request[Any], tuple[Any, ...]] | None) -> Any:
        """Sends one message, and returns the reply."""
        if asked is None:
            return None
        request, args = asked
        try:
            return self.client.execute_command(*args)
        except redis.exceptions.NoScriptError:
            assert request.script is not None
            self.client.script_load(request.script.source)
            return self.client.execute_command(*args)
        except redis.ResponseError as error:
            return error

    def copied(self, number: int) -> dict[bytes, bytes]:
        """Returns all that a partition has, as a replica would have it that gets nothing more."""
        keys = [*self.client.scan_iter(self.keys.partitions[number].pattern, count=1000)]
        return {key: self.client.dump(key) for key in keys}

    def fail_over(self, number: int, copy: dict[bytes, bytes]) -> None:
        """Has a partition go back to a copy, as if a replica took its server's place; DEBUG has to be allowed."""
        for key in self.client.scan_iter(self.keys.partitions[number].pattern, count=1000):
            self.client.delete(key)
        for key, dumped in copy.items():
            self.client.restore(key, 0, dumped)
        self.client.execute_command("DEBUG", "CHANGE-REPL-ID")

    @property
    def is_lost(self) -> bool:
        """True if claims may be lost, and nobody has restored them yet."""
        return self._is_lost(values(self.client))

    def _is_lost(self, stored: dict[bytes, Any]) -> bool:
        now = self.client.info("replication")["master_replid"].encode()
        return any(stored.get(partition.history) != now for partition in self.keys.partitions)

    def owners(self, value: str) -> set[bytes]:
        """Returns the objects that have a value now."""
        return {
            pk
            for partition in self.keys.partitions
            if (pk := self.client.hget(partition.prefix + b"uniq:email", value)) is not None
        }

    def faults(self, field: str = "email") -> list[str]:
        """Returns what is wrong with a field: values of two owners, owners without their claim, entries of nobody."""
        name = field.encode()
        found = []
        owners: dict[bytes, list[bytes]] = {}
        stored = values(self.client)
        lost = self._is_lost(stored)
        for partition in self.keys.partitions:
            uniq, nonces = (stored.get(partition.prefix + kind + name, {}) for kind in (b"uniq:", b"nonce:"))
            if uniq.keys() != nonces.keys():
                found.append(f"values {uniq} and nonces {nonces} of {partition.prefix!r} differ")
            for text, pk in uniq.items():
                owners.setdefault(text, []).append(pk)
                home = self._home(text)
                record = stored.get(home.prefix + b"claim:" + name, {}).get(text)
                claimed = record is not None and (int.from_bytes(record[:2]), record[2:10])
                if not lost and claimed != (partition.number, nonces.get(text)):
                    found.append(f"{text!r} of {pk!r} is not claimed by its partition: {record!r}")
                if stored.get(partition.hash_prefix + pk, {}).get(name) != text:
                    found.append(f"{text!r} is not the value of {pk!r}")
        return found + [f"{text!r} has the owners {pks}" for text, pks in owners.items() if len(pks) > 1]

    def stale_claims(self) -> int:
        """Returns how many claims of nobody there are."""
        stale = 0
        for partition in self.keys.partitions:
            for text, record in self.client.hgetall(partition.prefix + b"claim:email").items():
                owner = self.keys.partitions[int.from_bytes(record[:2])]
                stale += self.client.hget(owner.prefix + b"nonce:email", text) != record[2:10]
        return stale

    def _home(self, text: bytes) -> Any:
        return UniqueValue(self.model._schema, b"email", text).home
