"""For the tests of programs that use limpyd: counting requests, and pointing models at another database for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any

from limpyd.database import Database
from limpyd.drivers.asynchronous import AsyncDriver
from limpyd.drivers.guards import Look
from limpyd.drivers.sync import SyncDriver
from limpyd.exceptions import DeclarationError, shorten
from limpyd.keys import to_text
from limpyd.requests import Request
from limpyd.statements.prepared_requests import Prepared

ASKED_ONCE = "declare"
"""The script that asks which indexes are built, once for each model and process."""


class Requests:
    """The requests that were sent within a block, as texts.

    Attributes:
        sent: a text for each request: of a script its name and what it is about, else the command.
    """

    def __init__(self) -> None:
        self.sent: list[str] = []

    def __len__(self) -> int:
        return len(self.sent)

    def _note(self, request: Request[Any], packed: bytes) -> None:
        with_source = packed.partition(b"\r\n")[2].startswith(b"$4\r\nEVAL\r\n")
        again = with_source and request.args[0] != b"EVAL"
        if not again and not _is_asked_once(request):
            self.sent.append(_text_of(request))

    def _note_together(self, requests: Sequence[Request[Any]]) -> None:
        texts = [
            _text_of(request) for request in requests if not _is_asked_once(request) and not isinstance(request, Look)
        ]
        if texts:
            self.sent.append(texts[0] if len(texts) == 1 else f"together: {'; '.join(texts)}")


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
def using(database: Any, *models: Any) -> Iterator[Any]:
    """Points models at a database within a block, and back afterwards. Nothing is sent, no data is moved.

    A database that is given becomes the other one for the block, in all threads and tasks: its pipelines, transactions
    and `connection` go where its models go, and so do models that are declared in the block. A database of
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
            elif hasattr(given, "use_database"):
                back.enter_context(_lent(given, database))
            else:
                msg = f"using() takes models, or databases for all their models; not {shorten(given)}"
                raise DeclarationError(msg)
        yield database


@contextmanager
def _as_another(database: Any, other: Any) -> Iterator[None]:
    """Has a database be another one within a block: both have one state."""
    if type(database) is not type(other):
        msg = f"using() has {database!r} be another {type(database).__name__}, not {shorten(other)}"
        raise DeclarationError(msg)
    if database.__dict__ is other.__dict__:
        yield
        return
    with ExitStack() as back:
        for model in list(database._models.values()):
            back.callback(model.use_database, model.database)
            model.use_database(other)
        own = database.__dict__
        try:
            database.__dict__ = other.__dict__
            yield
        finally:
            declared = [model for model in other._models.values() if model.database is database]
            for model in declared:
                other._unregister(model._schema.keys.tag)
            database.__dict__ = own
            for model in declared:
                database._register(model._schema.keys.tag, model)
                model._schema.forget()


@contextmanager
def _lent(model: Any, database: Any) -> Iterator[None]:
    """Points a model and its subclasses at another database within a block."""
    before = model.database
    if before is database:
        yield
        return
    model.use_database(database)
    before._lent.append(model)
    try:
        yield
    finally:
        before._lent.remove(model)
        model.use_database(before)


def _is_asked_once(request: Request[Any]) -> bool:
    return request.script is not None and request.script.name == ASKED_ONCE


def _text_of(request: Request[Any]) -> str:
    if isinstance(request, Prepared):
        return f"{request.statement.name} ({request.subject})"
    if request.script is not None:
        return f"{request.script.name} ({request.subject})"
    return " ".join(to_text(arg) if isinstance(arg, bytes) else str(arg) for arg in request.args[:4])[:100]


def _noted(requests: Requests, method: Callable[..., Any]) -> Callable[..., Any]:
    def send(driver: Any, request: Request[Any], packed: bytes, *loss: Any) -> Any:
        if not loss:  # else it was noted before it was lost
            requests._note(request, packed)
        return method(driver, request, packed, *loss)

    return send


def _noted_run(requests: Requests, method: Callable[..., Any]) -> Callable[..., Any]:
    """Notes a request that is one packet, which drivers send at once; others are noted where their packets are sent."""

    def run(driver: Any, request: Request[Any]) -> Any:
        at_once = isinstance(driver, SyncDriver) or (request.replies == 1 and driver.line() is not None)
        packed = request.ready() if at_once else None
        if packed is not None:
            requests._note(request, packed)
        return method(driver, request)

    return run


def _noted_together(requests: Requests, method: Callable[..., Any]) -> Callable[..., Any]:
    def send(driver: Any, several: Sequence[Request[Any]], commands: Any, with_sources: Any = None) -> Any:
        requests._note_together(several)
        return method(driver, several, commands, with_sources)

    return send


def _noted_talk(requests: Requests, talk: Callable[..., Any]) -> Callable[..., Any]:
    def send(*commands: Sequence[Any]) -> Any:
        requests.sent.append("transaction: " + ", ".join(to_text(command[0]) for command in commands))
        return talk(*commands)

    return send


@contextmanager
def _watched() -> Iterator[Requests]:
    """Notes what drivers send, by standing in for the methods by which they do: so it costs nothing otherwise."""
    requests = Requests()
    alone, alone_async = SyncDriver.alone, AsyncDriver.alone

    @contextmanager
    def noted_alone(driver: SyncDriver) -> Iterator[Any]:
        with alone(driver) as talk:
            yield _noted_talk(requests, talk)

    @asynccontextmanager
    async def noted_alone_async(driver: AsyncDriver) -> AsyncIterator[Any]:
        async with alone_async(driver) as talk:
            yield _noted_talk(requests, talk)

    stand_ins: dict[tuple[type, str], Any] = {
        (SyncDriver, "run"): _noted_run(requests, SyncDriver.run),
        (AsyncDriver, "run"): _noted_run(requests, AsyncDriver.run),
        (SyncDriver, "_exchange"): _noted(requests, SyncDriver._exchange),
        (SyncDriver, "run_together"): _noted_together(requests, SyncDriver.run_together),
        (SyncDriver, "alone"): noted_alone,
        (AsyncDriver, "_ask"): _noted(requests, AsyncDriver._ask),
        (AsyncDriver, "run_together"): _noted_together(requests, AsyncDriver.run_together),
        (AsyncDriver, "alone"): noted_alone_async,
    }
    stand_ins[SyncDriver, "describes_all"] = stand_ins[AsyncDriver, "describes_all"] = True
    before = {place: vars(place[0])[place[1]] for place in stand_ins}
    try:
        for (driver, name), stand_in in stand_ins.items():
            setattr(driver, name, stand_in)
        yield requests
    finally:
        for (driver, name), method in before.items():
            setattr(driver, name, method)
