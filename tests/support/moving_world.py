"""Objects that refer to others while models move to more partitions: clients and movers, one message at a time."""

from __future__ import annotations

from typing import Any, NamedTuple

import redis

from limpyd.exceptions import ObjectsMoved
from limpyd.model.crud import creation
from limpyd.requests.decoders import returned
from limpyd.requests.request import Request
from tests.support.deletion_steps import OUTCOMES, Operation, Steps, steps_of
from tests.support.expected_indexes import values

MOST = 4
"""The most partitions of a model."""
MARKS = iter(range(10**9))


class Found(NamedTuple):
    """Where an object is.

    Attributes:
        mark: the text by which it differs from others of the same name; None of one that is on its way.
        target: what it refers to; None of one that is on its way, too.
    """

    mark: bytes | None
    target: bytes | None


def request_of(models: dict[str, Any], operation: Operation) -> Request[Any]:
    """The request of an operation, as a process describes it that has the models."""
    name, model_name, pk, target = operation
    model = models[model_name]
    if name == "create":
        return creation(model._schema, {"pk": pk, "mark": str(next(MARKS))}, returned)
    instance = model.lazy_connect(pk)
    if name == "delete":
        return type(instance).delete.describe(instance)
    bound = instance.target
    return type(bound).hdel.describe(bound) if name == "clear" else type(bound).hset.describe(bound, target)


class Truth:
    """What is on the server, compared with what writers were told.

    Args:
        client: a client of the server.
        models: the models by their names, with the number of partitions before they move.
    """

    def __init__(self, client: redis.Redis, models: dict[str, Any]) -> None:
        self.client = client
        self.models = models
        self.confirmed: dict[tuple[str, bytes], tuple[bytes, bytes]] = {}

    def steps(self, models: dict[str, Any], operations: list[Operation]) -> Steps:
        """The steps of a client, which describes an operation again if objects have moved; returns the outcomes."""
        outcomes = []
        for operation in operations:
            outcome = None
            while outcome is None:
                try:
                    yield from steps_of(request_of(models, operation))
                    outcome = "ok"
                except ObjectsMoved:
                    yield None
                except tuple(OUTCOMES) as error:
                    outcome = OUTCOMES[type(error)]
            if operation.name == "clear":
                self.confirmed.pop((operation.model, operation.pk.encode()), None)
            if operation.name == "refer" and outcome == "ok":
                self._confirm(operation)
            outcomes.append(outcome)
        return " ".join(outcomes)

    def sent(self, asked: Any) -> Any:
        """Sends one message, and returns the reply."""
        if asked is None:
            return None
        request, args = asked
        for _ in range(2):
            try:
                return self.client.execute_command(*args)
            except redis.exceptions.NoScriptError:
                self.client.script_load(request.script.source)
            except redis.ResponseError as error:
                return error
        raise AssertionError

    def _confirm(self, operation: Operation) -> None:
        _, name, pk, target = operation
        stored = values(self.client)
        own = self._objects(stored, name).get(pk.encode())
        other = self._objects(stored, self._target_of(name)).get(target.encode())
        if own and other and own.mark and other.mark and own.target == target.encode():
            self.confirmed[name, pk.encode()] = own.mark, other.mark
        else:
            self.confirmed.pop((name, pk.encode()), None)

    def _target_of(self, name: str) -> str:
        target = self.models[name].target.target
        return next(each for each, model in self.models.items() if model._schema is target)

    def _partitions(self, name: str) -> list[Any]:
        keys = self.models[name]._schema.keys
        return [keys.keys_of(number) for number in range(MOST if keys.declared > 1 else 1)]

    def _objects(self, stored: dict[bytes, Any], name: str) -> dict[bytes, Found]:
        """All objects of a model, by primary key; each is in one place."""
        found: dict[bytes, Found] = {}
        partitions = self._partitions(name)
        for key, fields in stored.items():
            if any(key.startswith(each.prefix + b"parcel:") for each in partitions):
                on_their_way = [field for field in fields if field.startswith(b"object:")]
                found.update((field.removeprefix(b"object:"), Found(None, None)) for field in on_their_way)
        for each in partitions:
            for pk in stored.get(each.pks, ()):
                assert pk not in found or found[pk].mark is None, f"{pk!r} is in two partitions"
                of = stored.get(each.hash_prefix + pk, {})
                found[pk] = Found(of.get(b"mark"), of.get(b"target"))
        return found

    def faults(self) -> list[str]:
        """What is wrong now, whoever takes no more steps."""
        stored, faults = values(self.client), []
        for name, model in self.models.items():
            if not hasattr(model, "target"):
                continue
            to = self._target_of(name)
            targets, tombs = self._objects(stored, to), self._all(stored, to, "tomb")
            for pk, (mark, referred) in self._objects(stored, name).items():
                own, other = self.confirmed.get((name, pk), (None, None))
                there = next((target for target, found in targets.items() if found.mark == other), None)
                if mark is not None and own == mark and there is not None and referred != there:
                    faults.append(f"the confirmed reference of {name} {pk!r} to {there!r} was lost")
                if referred is None or referred in targets:
                    continue
                if model.target.on_delete == "restrict":
                    faults.append(f"{referred!r} was deleted although {name} {pk!r} refers to it")
                elif referred not in tombs:
                    faults.append(f"{name} {pk!r} refers to {referred!r}, and nothing notes that it is gone")
        return faults

    def _all(self, stored: dict[bytes, Any], name: str, word: str) -> set[bytes]:
        return {pk for each in self._partitions(name) for pk in stored.get(getattr(each, word), ())}

    def left(self) -> list[str]:
        """What deletions and movers have left."""
        stored = values(self.client)
        words = ("closing", "tomb")
        notes = [f"{word} {pk!r}" for name in self.models for word in words for pk in self._all(stored, name, word)]
        return notes + [str(key) for key in stored if b"}:parcel:" in key]
