"""Prefetching referenced objects: one more request for each reference that is followed, for any number of objects."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, NamedTuple

from limpyd.expressions import SEPARATOR
from limpyd.fields import ValueField
from limpyd.keys import to_text
from limpyd.query.filters.references import target_of
from limpyd.query.results.columns import columns_of
from limpyd.requests.decoders import returned
from limpyd.requests.request import IncompleteReply, Request
from limpyd.requests.scattered import Rounds, Scattered

Read = Callable[[Any, Sequence[str], Sequence[str]], Request[list[Any]]]
"""Gives the request for the instances of a model with some primary keys, and with some fields read along."""


class Follow(NamedTuple):
    """A reference that is followed.

    Attributes:
        field: the field.
        names: the values to read from the referenced objects; empty for all fields.
    """

    field: ValueField[Any]
    names: tuple[str, ...]


def split_follows(schema: Any, names: Iterable[Any]) -> tuple[list[Any], list[Follow]]:
    """Returns the names of the objects' own values, and the references to follow."""
    own: list[Any] = []
    follows: dict[str, list[str]] = {}
    whole: set[str] = set()
    for name in names:
        head, separator, rest = name.partition(SEPARATOR) if isinstance(name, str) else (name, "", "")
        field = schema.fields.get(head) if isinstance(head, str) else None
        if not isinstance(field, ValueField) or not field.refers:
            own.append(name)
            continue
        if head not in follows:
            own.append(head)
        further = follows.setdefault(head, [])
        if separator:
            further.append(rest)
        else:
            whole.add(head)
    return own, [
        Follow(schema.fields[head], () if head in whole else tuple(dict.fromkeys(further)))
        for head, further in follows.items()
    ]


def with_follows(own: Iterable[Any], follows: Iterable[Follow]) -> list[Any]:
    """The names of which `followed` makes two kinds."""
    further = {follow.field.name: [follow.field.name + SEPARATOR + name for name in follow.names] for follow in follows}
    return [each for name in own for each in further.get(name) or [name]]


def following(
    request: Request[Any], follows: Sequence[Follow], read: Read, instances_of: Callable[[Any], list[Any]]
) -> Request[Any]:
    """A request for instances, and then for the referenced instances, which replace their primary keys.

    Args:
        request: the request.
        follows: the references that are followed.
        read: gives the requests for those.
        instances_of: the instances in what comes of the request.
    """
    if isinstance(request, Scattered) or any(map(_is_away, follows)):
        return Scattered(lambda: _in_rounds(_steps(request, follows, read, instances_of)), subject=request.subject)
    return _chained(_steps(request, follows, read, instances_of))


def _is_away(follow: Follow) -> bool:
    """Returns whether referenced objects may be in other slots, or those that they refer to."""
    field: Any = follow.field
    target = target_of(field)
    return not field.is_local or any(map(_is_away, split_follows(target, follow.names)[1]))


def _in_rounds(steps: Generator[Request[Any], Any, Any]) -> Rounds[Any]:
    """Sends each step when the one before it is answered."""
    try:
        request = next(steps)
        while True:
            (found,) = yield [request]
            request = steps.send(found)
    except StopIteration as end:
        return end.value


def _steps(
    request: Request[Any], follows: Sequence[Follow], read: Read, instances_of: Callable[[Any], list[Any]] = returned
) -> Generator[Request[Any], Any, Any]:
    found_first = yield request
    instances = instances_of(found_first)
    for field, names in follows:
        values = [instance._prefetched for instance in instances]
        pks = dict.fromkeys(pk for each in values for pk in _pks(each[field.name]))
        found: dict[str, Any] = {}
        if pks:
            own, further = split_follows(target_of(field), names)
            related = yield from _steps(read(target_of(field), list(pks), own), further, read)
            found = {to_text(instance._pk_bytes): instance for instance in related}
        for each in values:
            referred = each[field.name]
            if field.many:
                each[field.name] = [found[pk] for pk in referred or () if pk in found]
            else:
                each[field.name] = found.get(referred)
    return found_first


def _pks(value: Any) -> Iterable[str]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def _chained(program: Generator[Request[Any], Any, Any]) -> Request[Any]:
    """A request with further requests that depend on its result; the result is that of the last request."""
    result: list[Any] = []
    decode: Callable[[Any], Any] = returned

    def asking(request: Request[Any], give: Callable[[Any], Any]) -> Request[Any]:
        nonlocal decode
        decode = request.decode
        return Request(
            request.args,
            give,
            readonly=True,
            may_be_stale=request.may_be_stale,
            script=request.script,
            subject=request.subject,
            name=request.name,
            preflight=request.preflight,
            assumes=request.assumes,
            retry_with=retry_with,
        )

    def retry_with(asked: Request[Any], reply: Any) -> Request[Any] | None:
        try:
            found = decode(reply)
        except IncompleteReply as incomplete:
            return asking(incomplete.ask(asked), asked.decode)
        try:
            return asking(program.send(found), asked.decode)
        except StopIteration as end:
            result.append(end.value)
            return None

    return asking(next(program), lambda _: result[0])


def check_followed(follows: Sequence[Follow]) -> None:
    """Checks the names of values of referenced objects before a request is sent.

    Raises:
        UnknownField: a name is no field.
    """
    for field, names in follows:
        target = target_of(field)
        own, further = split_follows(target, names)
        columns_of(target, own, scored=False)
        check_followed(further)
