"""Turns a method that describes a request into a call.

A command is written once, as a pure method that returns a `Request`. Read from something that
lives on the sync face it is a function that returns the result; on the async face, one that
returns a coroutine of it. At run time both are one plain function: the database that runs the
request makes the difference.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast, overload

from limpyd.commands.calls import Direct, StatementOf, calling, calling_by_statement
from limpyd.commands.faces import Async, Faced, Sync
from limpyd.commands.table import TABLE, Facts
from limpyd.requests.request import Request, Walk

P = ParamSpec("P")
R = TypeVar("R")


class Command(Generic[P, R]):
    """The type of a command method: what it is depends on the face of what holds it."""

    facts: Facts

    @overload
    def __get__(self, holder: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, holder: Faced[Sync], owner: Any = None) -> Callable[P, R]: ...
    @overload
    def __get__(self, holder: Faced[Async], owner: Any = None) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, holder: Any, owner: Any = None) -> Any:
        raise NotImplementedError  # never at run time, where the method is a plain function


def command(
    name: str, direct: Direct | None = None
) -> Callable[[Callable[Concatenate[Any, P], Request[R]]], Command[P, R]]:
    """Declares the method of a command, which has its row in the table of commands.

    Args:
        name: the command.
        direct: which of its calls always send the same, if some do.
    """

    def declare(describe: Callable[Concatenate[Any, P], Request[R]]) -> Command[P, R]:
        return cast("Command[P, R]", calling(describe, TABLE[name], direct=direct))

    return declare


class WalkCommand(Generic[P, R]):
    """The type of a method that yields items in chunks: an iterator, or an asynchronous one."""

    facts: Facts

    @overload
    def __get__(self, holder: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, holder: Faced[Sync], owner: Any = None) -> Callable[P, Iterator[R]]: ...
    @overload
    def __get__(self, holder: Faced[Async], owner: Any = None) -> Callable[P, AsyncIterator[R]]: ...
    def __get__(self, holder: Any, owner: Any = None) -> Any:
        raise NotImplementedError  # as for Command


def walk(name: str) -> Callable[[Callable[Concatenate[Any, P], Walk[R]]], WalkCommand[P, R]]:
    """Declares the method of a command that walks by cursor."""

    def declare(describe: Callable[Concatenate[Any, P], Walk[R]]) -> WalkCommand[P, R]:
        @functools.wraps(describe)
        def call(self: Any, /, *args: Any, **kwargs: Any) -> Any:
            return self._walk(describe(self, *args, **kwargs))

        call.facts = TABLE[name]  # type: ignore[attr-defined]
        return cast("WalkCommand[P, R]", call)

    return declare


def operation(describe: Callable[Concatenate[Any, P], Request[R]]) -> Command[P, R]:
    """Declares something that is one request, but not one Redis command."""
    return cast("Command[P, R]", calling(describe, None))


def operation_by(
    statement_of: StatementOf,
) -> Callable[[Callable[Concatenate[Any, P], Request[R]]], Command[P, R]]:
    """Declares the same whose frequent calls are those of prepared statements.

    Args:
        statement_of: returns the statement of a call, by the object and what is passed: the positional arguments, or
            those by name; None if the call has to be described.
    """

    def declare(describe: Callable[Concatenate[Any, P], Request[R]]) -> Command[P, R]:
        return cast("Command[P, R]", calling_by_statement(describe, statement_of))

    return declare
