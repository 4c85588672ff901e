"""The calls of commands. A call builds its request and runs it, or takes the fast path (drivers/fast_path.py)."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from limpyd.commands.argument_hints import hint
from limpyd.commands.foreign_key_values import NeedsReading, read_first
from limpyd.commands.table import Facts
from limpyd.keys import turns
from limpyd.requests.request import Request
from limpyd.requests.step_results import UnknownResult, taking_results

Chosen = Callable[[tuple[Any, ...], dict[str, Any]], Callable[..., Request[Any]]]
"""Returns the method that builds the request, by the arguments."""


class Choice(NamedTuple):
    """Another command, which is called if an argument is passed and is neither None nor False.

    Attributes:
        name: the argument.
        position: its position, if it may be passed by position.
        command: the other command.
    """

    name: str
    position: int
    command: Any


class Direct(enum.Enum):
    """The commands whose calls differ only in the primary key and the value. They can take the fast path."""

    WITHOUT_ARGUMENTS = enum.auto()
    WITH_VALUE = enum.auto()
    """The only argument is a value or member, whose stored form is sent last."""
    WITH_KEY_AND_VALUE = enum.auto()
    """The arguments are a key of a hash and a value, whose stored forms are sent last."""
    WITH_SCORES = enum.auto()
    """The only argument is a dict. If it has one member, its score and the member are sent last."""


def calling(
    describe: Callable[..., Request[Any]],
    facts: Facts | None,
    choices: Sequence[Choice] = (),
    direct: Direct | None = None,
) -> Any:
    """Returns the function that calls a command: it builds the request and runs it. An argument may choose another one.

    Its attributes are `describe`, which only builds the request, and `facts`.
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
        except (NeedsReading, UnknownResult, TypeError) as error:
            return _call_despite(error, call, self, method, _all(first, more), named)
        if request.creates is None:
            if not turns.partitions_exist:
                return self._run(request)
            return self._run(request, lambda: method(self, *_all(first, more), **named))
        return _run_making(request.creates, self, method, _all(first, more), named)

    if direct is not None:
        call = _calling_directly(describe, call, direct)
    call.facts = facts  # type: ignore[attr-defined]
    call.describe = describe if chosen is None else _describing(describe, chosen)  # type: ignore[attr-defined]
    return call


def _calling_directly(describe: Callable[..., Request[Any]], otherwise: Any, which: Direct) -> Any:
    """Returns a call that takes the fast path after its first request (see statements/fast_path.py)."""

    @functools.wraps(describe)
    def without_arguments(self: Any, /, *args: Any, **named: Any) -> Any:
        if args or named:
            return otherwise(self, *args, **named)
        call = self._field.direct.get(without_arguments)
        return self._call_and_learn(without_arguments, describe, otherwise) if call is None else call(self, ())

    @functools.wraps(describe)
    def with_value(self: Any, value: Any = NOT_GIVEN, /, *more: Any, **named: Any) -> Any:
        if value is NOT_GIVEN or more or named:
            return otherwise(self, value, *more, **named)
        call = self._field.direct.get(with_value)
        return self._call_and_learn(with_value, describe, otherwise, value) if call is None else call(self, value)

    @functools.wraps(describe)
    def with_key_and_value(self: Any, key: Any = NOT_GIVEN, value: Any = NOT_GIVEN, /, *more: Any, **named: Any) -> Any:
        if value is NOT_GIVEN or more or named:
            return otherwise(self, key, *(() if value is NOT_GIVEN else (value, *more)), **named)
        call = self._field.direct.get(with_key_and_value)
        if call is None:
            return self._call_and_learn(with_key_and_value, describe, otherwise, key, value)
        return call(self, (key, value))

    if which is Direct.WITH_SCORES:
        call = _with_scores(describe, otherwise)
    else:
        forms = {Direct.WITH_VALUE: with_value, Direct.WITH_KEY_AND_VALUE: with_key_and_value}
        call = forms.get(which, without_arguments)
    call.direct = which
    return call


StatementOf = Callable[[Any, Any], Any]


def calling_by_statement(describe: Callable[..., Request[Any]], statement_of: StatementOf) -> Any:
    """Returns the function that makes calls on an object, on the fast path if there is a statement.

    Args:
        describe: builds the request of a call.
        statement_of: see descriptor.operation_by.
    """
    otherwise = calling(describe, None)

    def spread(method: Any) -> Any:
        return lambda holder, given: method(holder, **given) if type(given) is dict else method(holder, *given)

    describe_given, call_given = spread(describe), spread(otherwise)

    @functools.wraps(otherwise)
    def call(self: Any, /, *args: Any, **named: Any) -> Any:
        given = args or named
        statement = None if args and named else statement_of(self, given)
        if statement is None:
            return otherwise(self, *args, **named)
        direct = statement.direct
        if direct is None:
            known = statement.fast_call()
            direct = statement.direct = self.database._directly(known, describe_given, call_given)
        return direct(self, given)

    return call


def _with_scores(describe: Callable[..., Request[Any]], otherwise: Any) -> Any:
    """Returns such a call whose argument is a dict from members to scores."""

    def of_one_score(method: Any) -> Any:
        return lambda self, score, member: method(self, {member: score})

    @functools.wraps(describe)
    def with_scores(self: Any, mapping: Any = NOT_GIVEN, /, *more: Any, **named: Any) -> Any:
        if type(mapping) is not dict or len(mapping) != 1 or more or named:
            return otherwise(self, *_all(mapping, more), **named)
        ((member, score),) = mapping.items()
        call = self._field.direct.get(with_scores)
        if call is None:
            return self._call_and_learn(with_scores, of_one_score(describe), of_one_score(otherwise), score, member)
        return call(self, (score, member))

    return with_scores


NOT_GIVEN: Any = object()


def _all(first: Any, more: tuple[Any, ...]) -> tuple[Any, ...]:
    return more if first is NOT_GIVEN else (first, *more)


def _run_making(
    made: Any, holder: Any, method: Callable[..., Request[Any]], args: tuple[Any, ...], named: dict[str, Any]
) -> Any:
    """Runs a first write to an instance, which creates the object. Concurrent ones wait until it is created."""
    return made._run_making(lambda: method(holder, *args, **named))


def _call_despite(
    error: NeedsReading | UnknownResult | TypeError,
    call: Any,
    holder: Any,
    method: Callable[..., Request[Any]],
    args: tuple[Any, ...],
    named: dict[str, Any],
) -> Any:
    """Repeats a call whose arguments need other values first; raises any other error, with advice if there is some."""
    if isinstance(error, NeedsReading):
        return read_first(error, lambda replace: call(holder, *replace(args), **replace(named)))
    if isinstance(error, UnknownResult):
        with taking_results(getattr(holder, "_instance", holder).database, error):
            return call(holder, *args, **named)
    advice = hint(holder, method, args, named)
    if advice:
        raise TypeError(advice) from None
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
