"""The models of a database by the names that references call them, and the references that wait for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Name = tuple[str, str]
"""A namespace, and what a model is called in it: the name of its class, or that of its keys."""


class ModelRegistry:
    """Connects the references of one database, each at the cost of those that it has to do with.

    Attributes:
        fresh: models that were registered since references were connected.
    """

    def __init__(self) -> None:
        self.fresh: list[Any] = []
        self._named: dict[Name, list[Any]] = {}
        self._waiting: dict[Name, dict[int, Any]] = {}

    def register(self, model: Any) -> None:
        self.fresh.append(model)

    def unregister(self, model: Any) -> None:
        if model in self.fresh:
            self.fresh.remove(model)
        else:
            self._forget(model)
        for name, waiting in list(self._waiting.items()):
            left = {key: reference for key, reference in waiting.items() if reference.model.model is not model}
            self._waiting[name] = left
            if not left:
                del self._waiting[name]

    def begin(self) -> list[Any]:
        """The fresh models, which have names from now on."""
        fresh, self.fresh = self.fresh, []
        for model in fresh:
            for name in _names(model):
                self._named.setdefault(name, []).append(model)
        return fresh

    def revert(self, fresh: list[Any]) -> None:
        """Has models be fresh again, whose references could not be connected."""
        for model in fresh:
            self._forget(model)
        self.fresh = [*fresh, *self.fresh]

    def first(self, name: Name) -> Any:
        """The model that was declared first of those of a name; None if there is none yet."""
        return next(iter(self._named.get(name, ())), None)

    def wait(self, reference: Any, name: Name) -> None:
        """Notes that a reference names a model that is not there yet."""
        self._waiting.setdefault(name, {})[id(reference)] = reference

    def waiting_for(self, model: Any) -> Iterator[Any]:
        """The references that have waited for a model."""
        for name in _names(model):
            yield from self._waiting.get(name, {}).values()

    def done_waiting(self, model: Any) -> None:
        """Forgets who has waited for a model."""
        for name in _names(model):
            self._waiting.pop(name, None)

    def _forget(self, model: Any) -> None:
        for name in _names(model):
            models = self._named[name]
            models.remove(model)
            if not models:
                del self._named[name]


def _names(model: Any) -> list[Name]:
    return [(model.namespace, name) for name in dict.fromkeys((model.__name__, model._schema.keys.name))]
