"""For the tests of programs that use limpyd: counting requests, and pointing models at another database for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Protocol

from limpyd.database.core import Database
from limpyd.exceptions import DeclarationError, shorten
from limpyd.tracing.events import CATALOG, CONNECT, HANDSHAKE, RequestEvent
from limpyd.tracing.listeners import on_request

UNCOUNTED = {CATALOG, CONNECT, HANDSHAKE}
"""Requests that depend on what ran before: they come once for each model and process, or with a connection."""


class Requests:
    """The requests that were sent within a block, as texts.

    Attributes:
        events: the events of the requests that are counted.
    """

    def __init__(self) -> None:
        self.events: list[RequestEvent] = []

    def __len__(self) -> int:
        return len(self.events)

    @property
    def sent(self) -> list[str]:
        """A text for each request: of a script its name and what it is about, else the command."""
        return [event.text for event in self.events]

    def _note(self, event: RequestEvent) -> None:
        repeated = event.retry in {"noscript", "reconnect"}
        if not repeated and not {operation.name for operation in event.operations} <= UNCOUNTED:
            self.events.append(event)


class AssertRequests(Protocol):
    """The type of the fixture `assert_requests`, for annotations of tests."""

    def __call__(self, number: int | None = None, *, at_most: int | None = None) -> AbstractContextManager[Requests]:
        """Checks the number of requests in a block; see the function `assert_requests`."""
        ...


class LimpydUse(Protocol):
    """The type of the fixture `limpyd_use`, for annotations of tests."""

    def __call__(self, *models: Any, database: Any = None) -> Any:
        """Points models, or all models of databases, at a database until the test ends, and returns that database."""
        ...


@contextmanager
def assert_requests(number: int | None = None, *, at_most: int | None = None) -> Iterator[Requests]:
    """Checks how many requests limpyd sends in a block, on both faces, in all threads and tasks.

    A pipeline is one request. Not counted is what depends on what ran before: handshakes of connections, the question
    which indexes of a model are built, and a script that is sent again because the server did not know it. A plain
    client (`database.connection`) is not watched.

    Args:
        number: exactly so many.
        at_most: so many or fewer.

    Raises:
        AssertionError: there were more or fewer; the message lists them. Not if the block itself raises.
        TypeError: neither number nor at_most is given, or both.
    """
    if (number is None) == (at_most is None):
        msg = "assert_requests takes either a number or at_most="
        raise TypeError(msg)
    with _watched() as requests:
        yield requests
    found = len(requests)
    if (number is not None and found != number) or (at_most is not None and found > at_most):
        expected = f"{number}" if number is not None else f"at most {at_most}"
        listed = "".join(f"\n  {place}. {text}" for place, text in enumerate(requests.sent, 1))
        msg = f"{expected} requests were expected, {found} were sent{':' if found else ''}{listed}"
        raise AssertionError(msg)


@contextmanager
def _watched() -> Iterator[Requests]:
    requests = Requests()
    with on_request(requests._note):
        yield requests


@contextmanager
def using(database: Any, *models: Any) -> Iterator[Any]:
    """Points models at a database within a block, and back afterwards. Nothing is sent, no data is moved.

    A database that is given becomes the other one for the block, in all threads and tasks: its pipelines, transactions
    and `connection` go where its models go, and so do models that are declared in the block; callbacks of its
    `on_request` see the requests. A database of
    which only some models are given refuses pipelines and transactions, since these would not hold what those do.

    Args:
        database: the database, which the block gets.
        models: models, whose subclasses go along; or databases, all of whose models are meant.

    Raises:
        DeclarationError: something is no model and no database, or cannot go there.
    """
    with ExitStack() as back:
        for given in models:
            if isinstance(given, Database):
                back.enter_context(_as_another(given, database))
            elif isinstance(given, type) and hasattr(given, "use_database"):
                back.enter_context(_lent(given, database))
            else:
                msg = f"using() takes models, or databases for all their models; not {shorten(given)}"
                raise DeclarationError(msg)
        yield database


@contextmanager
def _as_another(database: Any, other: Any) -> Iterator[None]:
    """Has a database be another one within a block: both have one state."""
    if type(database) is not type(other):
        msg = f"using() replaces {database!r} by another {type(database).__name__}, not {shorten(other)}"
        raise DeclarationError(msg)
    if database.__dict__ is other.__dict__:
        yield
        return
    with ExitStack() as back:
        for model in list(database._models):
            back.callback(model.use_database, model.database)
            model.use_database(other)
        own, models, stood_in = database.__dict__, other._models, other._models.stand_in
        callbacks, listeners = other._listeners.callbacks, dict(database._listeners.callbacks)
        try:
            database.__dict__, models.stand_in = other.__dict__, other
            callbacks.update(listeners)
            yield
        finally:
            adopted = [model for its, model in models.adopted if its is database]
            models.adopted = [each for each in models.adopted if each[0] is not database]
            declared = [model for model in adopted if models.get(model._schema.keys.tag) is model]
            for model in declared:
                models.unregister(model._schema.keys.tag)
            database.__dict__, models.stand_in = own, stood_in
            for registration in listeners:
                callbacks.pop(registration, None)
            for model in adopted:
                model.database = database
            for model in declared:
                database._models.register(model, model._schema.keys)
                model._schema.forget()


@contextmanager
def _lent(model: Any, database: Any) -> Iterator[None]:
    """Points a model and its subclasses at another database within a block."""
    before = model.database
    if before is database:
        yield
        return
    model.use_database(database)
    before._models.lent.append(model)
    try:
        yield
    finally:
        before._models.lent.remove(model)
        again = None if model.abstract else database._models.declared_before(model, model._schema.keys.tag)
        for each in (model, again):
            if each is not None:
                each.use_database(before)
