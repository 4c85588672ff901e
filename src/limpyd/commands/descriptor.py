"""Turns a method that describes a request into a call.

A command is written once, as a pure method that returns a `Request`. Read from something that
lives on the sync face it is a function that returns the result; on the async face, one that
returns a coroutine of it. At run time both are one plain function: the database that runs the
request makes the difference.
"""

from __future__ import annotations

import enum
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Concatenate, Generic, Literal, NamedTuple, ParamSpec, Protocol, Self, TypeVar, cast, overload

from limpyd.commands.faces import Async, Faced, Sync
from limpyd.commands.foreign_key_values import NeedsReading, read_first
from limpyd.commands.table import TABLE, Facts
from limpyd.requests.request import Request, Walk
from limpyd.utils.suggestions import did_you_mean

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
V = TypeVar("V")
T_co = TypeVar("T_co", covariant=True)
V_contra = TypeVar("V_contra", contravariant=True)


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


Chosen = Callable[[tuple[Any, ...], dict[str, Any]], Callable[..., Request[Any]]]
"""Gives the method that describes the request, by the arguments."""


class Choice(NamedTuple):
    """Another command that an argument chooses, if it is given and neither None nor False.

    Attributes:
        name: the argument.
        position: where it stands, if it may be given without its name.
        command: what is called instead.
    """

    name: str
    position: int
    command: Any


class Direct(enum.Enum):
    """The calls of a command that always send the same, but for the primary key and the value."""

    WITHOUT_ARGUMENTS = enum.auto()
    WITH_VALUE = enum.auto()
    """Those with one value of the field's type, or member, whose stored form is sent last."""
    WITH_KEY_AND_VALUE = enum.auto()
    """Those with a key of a hash and a value, whose stored forms are sent last."""


def calling(
    describe: Callable[..., Request[Any]],
    facts: Facts | None,
    choices: Sequence[Choice] = (),
    direct: Direct | None = None,
) -> Any:
    """Returns the call of the request that a method describes, or of the command that the arguments choose.

    Its attributes are `describe`, which gives that request, and `facts`.
    """
    chosen = _choosing(describe, choices) if choices else None
    by_first = any(choice.position == 0 for choice in choices)

    # Most calls have one argument, or none, which costs less than passing on any number.
    @functools.wraps(describe)
    def call(self: Any, first: Any = NOT_GIVEN, /, *more: Any, **named: Any) -> Any:
        method = describe
        try:
            if more or named or by_first:
                if chosen is not None:
                    method = chosen(_all(first, more), named)
                request = method(self, *more, **named) if first is NOT_GIVEN else method(self, first, *more, **named)
            elif first is NOT_GIVEN:
                request = method(self)
            else:
                request = method(self, first)
        except (NeedsReading, TypeError) as error:
            return _call_despite(error, call, self, method, _all(first, more), named)
        if request.creates is None:
            return self._run(request)
        return _run_making(request.creates, self, method, _all(first, more), named)

    if direct is not None:
        call = _calling_directly(describe, call, direct)
    call.facts = facts  # type: ignore[attr-defined]
    call.describe = describe if chosen is None else _describing(describe, chosen)  # type: ignore[attr-defined]
    return call


def _calling_directly(describe: Callable[..., Request[Any]], otherwise: Any, which: Direct) -> Any:
    """Returns a call that sends some requests undescribed, learned from a first one (see statements/fast_path.py)."""

    @functools.wraps(describe)
    def without_arguments(self: Any, /, *args: Any, **named: Any) -> Any:
        if args or named:
            return otherwise(self, *args, **named)
        call = self._field.direct.get(without_arguments)
        return self._call_and_learn(without_arguments, otherwise) if call is None else call(self, ())

    @functools.wraps(describe)
    def with_value(self: Any, value: Any = NOT_GIVEN, /, *more: Any, **named: Any) -> Any:
        if value is NOT_GIVEN or more or named:
            return otherwise(self, value, *more, **named)
        call = self._field.direct.get(with_value)
        return self._call_and_learn(with_value, otherwise, value) if call is None else call(self, value)

    @functools.wraps(describe)
    def with_key_and_value(self: Any, key: Any = NOT_GIVEN, value: Any = NOT_GIVEN, /, *more: Any, **named: Any) -> Any:
        if value is NOT_GIVEN or more or named:
            return otherwise(self, key, *(() if value is NOT_GIVEN else (value, *more)), **named)
        call = self._field.direct.get(with_key_and_value)
        if call is None:
            return self._call_and_learn(with_key_and_value, otherwise, key, value)
        return call(self, (key, value))

    forms = {Direct.WITH_VALUE: with_value, Direct.WITH_KEY_AND_VALUE: with_key_and_value}
    call: Any = forms.get(which, without_arguments)
    call.direct = which
    return call


NOT_GIVEN: Any = object()


def _all(first: Any, more: tuple[Any, ...]) -> tuple[Any, ...]:
    return more if first is NOT_GIVEN else (first, *more)


def _run_making(
    made: Any, holder: Any, method: Callable[..., Request[Any]], args: tuple[Any, ...], named: dict[str, Any]
) -> Any:
    """Of several first writes to an instance one makes the object; the others are described once it is made."""
    return made._run_making(lambda: method(holder, *args, **named))


def _call_despite(
    error: NeedsReading | TypeError,
    call: Any,
    holder: Any,
    method: Callable[..., Request[Any]],
    args: tuple[Any, ...],
    named: dict[str, Any],
) -> Any:
    """Reads the field that is given as a value, and calls with what it holds; of other errors raises what to say."""
    if isinstance(error, NeedsReading):
        return read_first(error, lambda replace: call(holder, *replace(args), **replace(named)))
    hint = _hint(holder, method, args, named)
    if hint:
        raise TypeError(hint) from None
    raise error


def _choosing(describe: Callable[..., Request[Any]], choices: Sequence[Choice]) -> Chosen:
    def chosen(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[..., Request[Any]]:
        for name, position, other in choices:
            value = args[position] if position < len(args) else kwargs.get(name)
            if value is not None and value is not False:
                instead: Callable[..., Request[Any]] = other.describe
                return instead
        return describe

    return chosen


def _describing(describe: Callable[..., Request[Any]], chosen: Chosen) -> Callable[..., Request[Any]]:
    @functools.wraps(describe)
    def described(self: Any, *args: Any, **kwargs: Any) -> Request[Any]:
        return chosen(args, kwargs)(self, *args, **kwargs)

    return described


def hooked(command: Any) -> Any:
    """The command of something whose `post_command` is given each result, and chooses the one that the caller gets."""
    describe = command.describe

    @functools.wraps(describe)
    def described(self: Any, *args: Any, **kwargs: Any) -> Request[Any]:
        def after(result: Any) -> Any:
            return self.post_command(sender=self, name=describe.__name__, result=result, args=args, kwargs=kwargs)

        request: Request[Any] = describe(self, *args, **kwargs)
        return request.then(after)

    return calling(described, command.facts)


def _hint(holder: Any, describe: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Returns the advice on arguments that a method does not take, if one of a similar name is meant; else ""."""
    try:
        inspect.signature(describe).bind(holder, *args, **kwargs)
    except TypeError as mismatch:
        parameters = list(inspect.signature(describe).parameters)[1:]
        named = [name for name in kwargs if name not in parameters]
        meant = did_you_mean(named[0], parameters) if named else ""
        siblings = [name for name in dir(holder) if name.startswith(f"{describe.__name__}_")]
        more = f"; for another kind of result see {', '.join(siblings)}" if siblings else ""
        takes = f"; it takes {', '.join(parameters)}" if parameters and not more else ""
        return f"{describe.__name__}: {mismatch}{meant or _by_name(describe, args) or more or takes}"
    return ""


def _by_name(describe: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """Returns the advice where flags were given by position, which hides what they mean."""
    parameters = list(inspect.signature(describe).parameters.values())[1:]
    flags = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    most = sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters)
    if not flags or len(args) <= most:
        return ""
    return f"; {', '.join(flags)} {'is' if len(flags) == 1 else 'are'} given by name, such as {flags[0]}=…"


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


# --- SET, whose result depends on its `get` argument ---


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
