"""Commands whose result depends on an argument, as in redis-py: `zrange(0, -1, withscores=True)`, `spop(3)`.

Each result is that of a method of its own, with its own signature; type checkers see all of them as overloads of one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from limpyd.commands.calls import Choice, Direct, calling
from limpyd.commands.descriptor import Command
from limpyd.commands.faces import Async, Faced, Sync
from limpyd.commands.table import TABLE, Facts
from limpyd.requests.request import Request

P = ParamSpec("P")
P1 = ParamSpec("P1")
P2 = ParamSpec("P2")
P3 = ParamSpec("P3")
R = TypeVar("R")
R1 = TypeVar("R1")
R2 = TypeVar("R2")
R3 = TypeVar("R3")
R_co = TypeVar("R_co", covariant=True)
R1_co = TypeVar("R1_co", covariant=True)
R2_co = TypeVar("R2_co", covariant=True)
R3_co = TypeVar("R3_co", covariant=True)


class Call2(Protocol[P, R_co, P1, R1_co]):
    """A call with two signatures."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, *args: P1.args, **kwargs: P1.kwargs) -> R1_co: ...


class Call3(Protocol[P, R_co, P1, R1_co, P2, R2_co]):
    """A call with three signatures."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, *args: P1.args, **kwargs: P1.kwargs) -> R1_co: ...
    @overload
    def __call__(self, *args: P2.args, **kwargs: P2.kwargs) -> R2_co: ...


class Call4(Protocol[P, R_co, P1, R1_co, P2, R2_co, P3, R3_co]):
    """A call with four signatures."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    @overload
    def __call__(self, *args: P1.args, **kwargs: P1.kwargs) -> R1_co: ...
    @overload
    def __call__(self, *args: P2.args, **kwargs: P2.kwargs) -> R2_co: ...
    @overload
    def __call__(self, *args: P3.args, **kwargs: P3.kwargs) -> R3_co: ...


class Command2(Generic[P, R, P1, R1]):
    """The type of a command with two signatures; as `Command`."""

    facts: Facts

    @overload
    def __get__(self, holder: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, holder: Faced[Sync], owner: Any = None) -> Call2[P, R, P1, R1]: ...
    @overload
    def __get__(
        self, holder: Faced[Async], owner: Any = None
    ) -> Call2[P, Coroutine[Any, Any, R], P1, Coroutine[Any, Any, R1]]: ...
    def __get__(self, holder: Any, owner: Any = None) -> Any:
        raise NotImplementedError  # as for Command


class Command3(Generic[P, R, P1, R1, P2, R2]):
    """The type of a command with three signatures; as `Command`."""

    facts: Facts

    @overload
    def __get__(self, holder: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, holder: Faced[Sync], owner: Any = None) -> Call3[P, R, P1, R1, P2, R2]: ...
    @overload
    def __get__(
        self, holder: Faced[Async], owner: Any = None
    ) -> Call3[P, Coroutine[Any, Any, R], P1, Coroutine[Any, Any, R1], P2, Coroutine[Any, Any, R2]]: ...
    def __get__(self, holder: Any, owner: Any = None) -> Any:
        raise NotImplementedError  # as for Command


class Command4(Generic[P, R, P1, R1, P2, R2, P3, R3]):
    """The type of a command with four signatures; as `Command`."""

    facts: Facts

    @overload
    def __get__(self, holder: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, holder: Faced[Sync], owner: Any = None) -> Call4[P, R, P1, R1, P2, R2, P3, R3]: ...
    @overload
    def __get__(
        self, holder: Faced[Async], owner: Any = None
    ) -> Call4[
        P,
        Coroutine[Any, Any, R],
        P1,
        Coroutine[Any, Any, R1],
        P2,
        Coroutine[Any, Any, R2],
        P3,
        Coroutine[Any, Any, R3],
    ]: ...
    def __get__(self, holder: Any, owner: Any = None) -> Any:
        raise NotImplementedError  # as for Command


@overload
def overloaded(
    name: str, first: tuple[str, Command[P1, R1]], /, *, direct: Direct | None = None
) -> Callable[[Callable[Concatenate[Any, P], Request[R]]], Command2[P, R, P1, R1]]: ...
@overload
def overloaded(
    name: str, first: tuple[str, Command[P1, R1]], second: tuple[str, Command[P2, R2]], /
) -> Callable[[Callable[Concatenate[Any, P], Request[R]]], Command3[P, R, P1, R1, P2, R2]]: ...
@overload
def overloaded(
    name: str,
    first: tuple[str, Command[P1, R1]],
    second: tuple[str, Command[P2, R2]],
    third: tuple[str, Command[P3, R3]],
    /,
) -> Callable[[Callable[Concatenate[Any, P], Request[R]]], Command4[P, R, P1, R1, P2, R2, P3, R3]]: ...
def overloaded(name: str, /, *others: tuple[str, Any], direct: Direct | None = None) -> Any:
    """Declares the method of a command with results of several types.

    Args:
        name: the command.
        others: names of arguments, separated by spaces, each with the method that is called instead where one of them
            is given, as something else than None and False; the last that fits. Type checkers take the first signature
            that does.
        direct: which of its calls always send the same, if some do.
    """

    def declare(describe: Callable[..., Request[Any]]) -> Any:
        code = describe.__code__  # which costs less than a signature, at import
        at = {name: number for number, name in enumerate(code.co_varnames[1 : code.co_argcount])}
        choices = [
            Choice(key, at.get(key, sys.maxsize), other) for keys, other in reversed(others) for key in keys.split()
        ]
        call = calling(describe, TABLE[name], choices, direct)
        call.overloads = [other for _, other in others]
        return call

    return declare
