"""What turns a method that describes a request into a call.

A command is written once, as a pure method that returns a `Request`. Read from something that
lives on the sync face it is a function that returns the result; on the async face, one that
returns a coroutine of it. At run time both are one plain function: the database that runs the
request makes the difference.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Concatenate, Generic, Literal, NamedTuple, ParamSpec, Protocol, Self, TypeVar, cast, overload

from limpyd.faces import Async, Faced, Sync
from limpyd.requests import Request

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Scope(enum.Enum):
    """Which part of a value a command can change: what its index upkeep has to look at."""

    NOTHING = "nothing"
    WHOLE = "whole"


class Facts(NamedTuple):
    """What is known of a command.

    Attributes:
        name: the Redis command.
        scope: what it can change.
    """

    name: str
    scope: Scope


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


def _calling(describe: Callable[..., Request[Any]], facts: Facts | None) -> Any:
    @functools.wraps(describe)
    def call(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        request = describe(self, *args, **kwargs)
        if request.makes is None:
            return self._run(request)
        # Of several first writes to an instance one makes the object; the others are described once it is made.
        return request.makes._run_making(lambda: describe(self, *args, **kwargs))

    call.facts = facts  # type: ignore[attr-defined]
    return call


def read(name: str) -> Callable[[Callable[Concatenate[Any, P], Request[R]]], Command[P, R]]:
    """Declares a command that changes nothing."""

    def declare(describe: Callable[Concatenate[Any, P], Request[R]]) -> Command[P, R]:
        return cast("Command[P, R]", _calling(describe, Facts(name, Scope.NOTHING)))

    return declare


def write(name: str, scope: Scope) -> Callable[[Callable[Concatenate[Any, P], Request[R]]], Command[P, R]]:
    """Declares a command that changes at most what its scope says."""

    def declare(describe: Callable[Concatenate[Any, P], Request[R]]) -> Command[P, R]:
        return cast("Command[P, R]", _calling(describe, Facts(name, scope)))

    return declare


def operation(describe: Callable[Concatenate[Any, P], Request[R]]) -> Command[P, R]:
    """Declares something that is one request, but not one Redis command."""
    return cast("Command[P, R]", _calling(describe, None))


# --- SET, whose result depends on its `get` argument ---


class _Set(Protocol[T]):
    @overload
    def __call__(
        self,
        value: T,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: Literal[False] = False,
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
    ) -> bool: ...
    @overload
    def __call__(
        self,
        value: T,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        *,
        get: Literal[True],
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
    ) -> T | None: ...


class _AsyncSet(Protocol[T]):
    @overload
    def __call__(
        self,
        value: T,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: Literal[False] = False,
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
    ) -> Coroutine[Any, Any, bool]: ...
    @overload
    def __call__(
        self,
        value: T,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        *,
        get: Literal[True],
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
    ) -> Coroutine[Any, Any, T | None]: ...


class SetCommand(Generic[T]):
    """The type of the SET command."""

    facts: Facts

    @overload
    def __get__(self, holder: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, holder: Faced[Sync], owner: Any = None) -> _Set[T]: ...
    @overload
    def __get__(self, holder: Faced[Async], owner: Any = None) -> _AsyncSet[T]: ...
    def __get__(self, holder: Any, owner: Any = None) -> Any:
        raise NotImplementedError  # as for Command


def set_command(describe: Callable[Concatenate[Any, T, ...], Request[Any]]) -> SetCommand[T]:
    """Declares SET itself: True or False, or with `get=True` the old value."""
    return cast("SetCommand[T]", _calling(describe, Facts("SET", Scope.WHOLE)))
