"""The type of SET, whose result depends on its `get` argument."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Concatenate, Generic, Literal, Protocol, Self, TypeVar, cast, overload

from limpyd.commands.calls import Direct, calling
from limpyd.commands.faces import Async, Faced, Sync
from limpyd.commands.table import TABLE, Facts
from limpyd.requests.request import Request

T = TypeVar("T")
V = TypeVar("V")
T_co = TypeVar("T_co", covariant=True)
V_contra = TypeVar("V_contra", contravariant=True)


class _Set(Protocol[T_co, V_contra]):
    @overload
    def __call__(
        self,
        value: V_contra,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: Literal[False] = False,
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
        ifeq: V_contra | None = None,
    ) -> bool: ...
    @overload
    def __call__(
        self,
        value: V_contra,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: Literal[True],
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
        ifeq: V_contra | None = None,
    ) -> T_co | None: ...


class _AsyncSet(Protocol[T_co, V_contra]):
    @overload
    def __call__(
        self,
        value: V_contra,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: Literal[False] = False,
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
        ifeq: V_contra | None = None,
    ) -> Coroutine[Any, Any, bool]: ...
    @overload
    def __call__(
        self,
        value: V_contra,
        ex: int | timedelta | None = None,
        px: int | timedelta | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
        keepttl: bool = False,
        get: Literal[True],
        exat: int | datetime | None = None,
        pxat: int | datetime | None = None,
        ifeq: V_contra | None = None,
    ) -> Coroutine[Any, Any, T_co | None]: ...


class SetCommand(Generic[T, V]):
    """The type of the SET command."""

    facts: Facts

    @overload
    def __get__(self, holder: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, holder: Faced[Sync], owner: Any = None) -> _Set[T, V]: ...
    @overload
    def __get__(self, holder: Faced[Async], owner: Any = None) -> _AsyncSet[T, V]: ...
    def __get__(self, holder: Any, owner: Any = None) -> Any:
        raise NotImplementedError  # as for Command


def set_command(describe: Callable[Concatenate[Any, V, ...], Request[T | None]]) -> SetCommand[T, V]:
    """Declares SET itself: True or False, or with `get=True` the old value, of whose type `describe` says it is."""
    return cast("SetCommand[T, V]", calling(describe, TABLE["SET"], direct=Direct.WITH_VALUE))
