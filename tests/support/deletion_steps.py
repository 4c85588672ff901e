"""Operations over several partitions, one step at a time: each step is one message to one partition.

They run what limpyd runs, but stop after each message, so a test decides whose step comes next. Whoever takes no more
steps was killed.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

import redis

from limpyd.exceptions import DoesNotExist, LimpydError, RelatedDoesNotExist, RestrictedError, UniquenessError
from limpyd.model.crud import creation
from limpyd.requests.decoders import returned
from limpyd.requests.request import Request
from limpyd.requests.scattered import Outcomes, Pause, Scattered
from tests.support.expected_indexes import values

Steps = Generator[tuple[Request[Any], tuple[Any, ...]] | None, Any, Any]
"""Yields each request with what is sent for it, or None for a pause, and is sent the reply; returns the result."""

OUTCOMES = {
    DoesNotExist: "gone",
    RelatedDoesNotExist: "absent",
    RestrictedError: "restricted",
    UniquenessError: "taken",
}


def steps_of(request: Request[Any]) -> Steps:
    """The steps of a request, which returns its result or raises its error."""
    if isinstance(request, Scattered):
        return (yield from _rounds(request))
    if request.preflight is not None:
        yield from steps_of(request.preflight)
    while True:
        guards = []
        for assumption in request.assumes:
            while (guard := assumption.guard()) is None:
                yield from steps_of(assumption.question())
                assumption.check()
            guards.append(guard)
        reply = yield request, request.args_under(guards)
        if isinstance(reply, redis.ResponseError):
            assert str(reply).startswith("OUTDATED "), (request, reply)
            for assumption in request.assumes:
                assumption.invalidate()
            continue
        instead = None if request.retry_with is None else request.retry_with(request, reply)
        if instead is None:
            return request.decode(reply)
        request = instead


def _rounds(request: Scattered[Any]) -> Steps:
    rounds, results, error = request.begin(), None, None
    while True:
        try:
            asked = rounds.send(results) if error is None else rounds.throw(error)
        except StopIteration as end:
            return end.value
        results, error = [], None
        if isinstance(asked, Pause):
            yield None
            continue
        for each in asked:
            try:
                results.append((yield from steps_of(each)))
            except LimpydError as refusal:
                if isinstance(asked, Outcomes):
                    results.append(refusal)
                else:
                    error = error or refusal


class Operation(NamedTuple):
    """What a client does.

    Attributes:
        name: `refer`, `clear`, `delete` or `create`.
        model: the name of the model.
        pk: the object.
        target: the object that it is to refer to.
    """

    name: str
    model: str
    pk: str
    target: str = ""


class World:
    """Objects that refer to others in other partitions, and clients that change and delete them.

    Args:
        models: the models by their names; the field of each that refers is `target`, and `mark` is one of text.
        client: a client of the server.
    """

    def __init__(self, models: dict[str, Any], client: redis.Redis) -> None:
        self.models = models
        self.client = client
        self.confirmed: dict[tuple[str, str], tuple[bytes, bytes]] = {}
        self._marks = 0

    def begin(self, stored: list[tuple[str, str, str | None]]) -> None:
        """Removes everything, and stores objects: the model, the primary key, and what it refers to."""
        if outdated := [key for key in self.client.scan_iter(count=1000) if not key.endswith(b":meta")]:
            self.client.delete(*outdated)
        self.confirmed = {}
        for name, pk, target in stored:
            refers = {} if target is None else {"target": target}
            self.models[name](pk=pk, mark=self._mark(), **refers)
            if target is not None:
                self._confirm(name, pk, target)

    def steps(self, operations: list[Operation]) -> Steps:
        """The steps of a client that does some operations; returns their outcomes."""
        outcomes = []
        for operation in operations:
            try:
                yield from steps_of(self._request(operation))
            except tuple(OUTCOMES) as error:
                outcomes.append(OUTCOMES[type(error)])
            else:
                outcomes.append("ok")
                if operation.name == "refer":
                    self._confirm(operation.model, operation.pk, operation.target)
        return " ".join(outcomes)

    def _request(self, operation: Operation) -> Request[Any]:
        name, model_name, pk, target = operation
        model = self.models[model_name]
        if name == "create":
            return creation(model._schema, {"pk": pk, "mark": self._mark()}, returned)
        instance = model.lazy_connect(pk)
        if name == "delete":
            return type(instance).delete.describe(instance)
        bound = instance.target
        if name == "clear":
            self.confirmed.pop((model_name, pk), None)
            return type(bound).hdel.describe(bound)
        return type(bound).hset.describe(bound, target)

    def _mark(self) -> str:
        self._marks += 1
        return str(self._marks)

    def _confirm(self, name: str, pk: str, target: str) -> None:
        """Notes a reference that a writer was told of, of one incarnation to another."""
        stored = values(self.client)
        own = mark_of(stored, self.models[name]._schema, pk.encode())
        other = mark_of(stored, self.models[name].target.target, target.encode())
        if own is not None and other is not None:
            self.confirmed[name, pk] = own, other

    def sent(self, asked: tuple[Request[Any], tuple[Any, ...]] | None) -> Any:
        """Sends one message, and returns the reply."""
        if asked is None:
            return None
        request, args = asked
        try:
            return self.client.execute_command(*args)
        except redis.exceptions.NoScriptError:
            self.client.script_load(request.script.source)
            return self.client.execute_command(*args)
        except redis.ResponseError as error:
            return error

    def faults(self) -> list[str]:
        """What is wrong now, whoever takes no more steps."""
        stored = values(self.client)
        referring = [name for name, model in self.models.items() if hasattr(model, "target")]
        return [fault for name in referring for fault in self._of(name, stored)]

    def _of(self, name: str, stored: dict[bytes, Any]) -> list[str]:
        model, found = self.models[name], []
        target = model.target.target
        for partition in model._schema.keys.partitions:
            for pk in stored.get(partition.pks, ()):
                referred = stored.get(partition.hash_prefix + pk, {}).get(b"target")
                index = partition.prefix + b"eq:target:"
                if referred is None:
                    confirmed = self.confirmed.get((name, pk.decode()))
                    if confirmed is not None and confirmed[0] == mark_of(stored, model._schema, pk):
                        found += self._lost(name, pk, stored, confirmed[1])
                    continue
                if pk not in stored.get(index + referred, ()):
                    found.append(f"{name} {pk!r} is not in the index of {referred!r}")
                at = target.keys.partition(referred)
                if referred not in stored.get(at.pks, ()):
                    if model.target.on_delete == "restrict":
                        found.append(f"{referred!r} was deleted although {name} {pk!r} refers to it")
                    elif referred not in stored.get(at.tomb, ()):
                        found.append(f"{name} {pk!r} refers to {referred!r}, and nothing notes that it is gone")
        return found

    def _lost(self, name: str, pk: bytes, stored: dict[bytes, Any], mark: bytes) -> list[str]:
        for partition in self.models[name].target.target.keys.partitions:
            for other in stored.get(partition.pks, ()):
                if stored.get(partition.hash_prefix + other, {}).get(b"mark") == mark:
                    return [f"the confirmed reference of {name} {pk!r} to {other!r} was lost"]
        return []

    def left(self) -> list[bytes]:
        """What deletions have left."""
        return [key for key in self.client.scan_iter(count=1000) if key.endswith((b":closing", b":tomb"))]


def mark_of(stored: dict[bytes, Any], schema: Any, pk: bytes) -> bytes | None:
    """The value of `mark` of an object; None if there is no such object."""
    partition = schema.keys.partition(pk)
    return stored.get(partition.hash_prefix + pk, {}).get(b"mark") if pk in stored.get(partition.pks, ()) else None


def end_of(world: World, steps: Steps, asked: Any = None) -> str:
    """Runs a client to its end."""
    asked = next(steps) if asked is None else asked
    for _ in range(200):
        try:
            asked = steps.send(world.sent(asked))
        except StopIteration as end:
            return end.value
    raise AssertionError(steps)
