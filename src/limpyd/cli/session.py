"""Models of either face, on the databases that they say or on another one, for as long as a command runs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterable, Iterator
from types import TracebackType
from typing import Any, Self

from limpyd.cli.model_paths import Model
from limpyd.cli.output import note
from limpyd.database.core import Database
from limpyd.database.sync import RedisDatabase
from limpyd.drivers.urls import settings_from_url


class Session:
    """Runs what models of either face return, and closes their databases at the end.

    Args:
        models: the models.
        url: where their databases are, if not where they say.
    """

    def __init__(self, models: Iterable[Model], url: str | None = None) -> None:
        self.models = list(models)
        self._databases: list[Database[Any]] = list(dict.fromkeys(model.database for model in self.models))
        self._settings = None if url is None else settings_from_url(url, RedisDatabase._known_settings())
        self._runner: asyncio.Runner | None = None

    def __enter__(self) -> Self:
        if self._settings is None:
            self._tell_of_ephemeral()
            return self
        for database in self._databases:
            self.result(database.reset(**self._settings))  # type: ignore[attr-defined]
        return self

    def _tell_of_ephemeral(self) -> None:
        """Says which models have no data but what their modules store when they are imported."""
        names = [model.__name__ for model in self.models if model.database._endpoint.is_ephemeral]
        if names:
            note(
                f"{', '.join(names)}: embedded() without a path starts a new, empty server for each process; pass the "
                "--url of the server that has the data, or declare embedded(path)"
            )

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            for database in self._databases:
                self.result(database.close())  # type: ignore[attr-defined]
        finally:
            if self._runner is not None:
                self._runner.close()

    @property
    def runner(self) -> asyncio.Runner:
        """Runs coroutines, all in one event loop, since an async database has a connection for each loop."""
        self._runner = self._runner or asyncio.Runner()
        return self._runner

    def result(self, call: Any) -> Any:
        """The result of a call on either face."""
        return self.runner.run(_awaited(call)) if inspect.isawaitable(call) else call

    def items(self, walk: Any) -> list[Any]:
        """Returns the items of a walk on either face."""
        return self.runner.run(_listed(walk)) if hasattr(walk, "__aiter__") else list(walk)

    def each(self, walk: Any) -> Iterator[Any]:
        """Yields the items of a walk on either face, of which it holds few."""
        if not hasattr(walk, "__aiter__"):
            yield from walk
            return
        items = aiter(walk)
        while some := self.runner.run(_some(items)):
            yield from some


AT_ONCE = 1000
"""The most items of a walk on the async face that are held."""


async def _awaited(call: Any) -> Any:
    return await call


async def _listed(walk: Any) -> list[Any]:
    return [item async for item in walk]


async def _some(items: AsyncIterator[Any]) -> list[Any]:
    found: list[Any] = []
    async for item in items:
        found.append(item)
        if len(found) == AT_ONCE:
            break
    return found
