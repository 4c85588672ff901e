"""The request that removes objects whose deadline is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from limpyd.exceptions import IndexNotBuilt, LimpydError, TooManyChanges, UndeclaredReference
from limpyd.keys import Partition, to_text
from limpyd.lua.script import Script, evalsha
from limpyd.requests.request import Request
from limpyd.scripts.error_mapping import Model, refusal
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.relocated import relocated

R = TypeVar("R")
SWEEP = Script("sweep_expired")
SWEEP_VALUES = Script("sweep_values")
SWEEP_TARGETS = Script("sweep_targets")
MOST_TARGETS = 1000
"""The most objects that one step looks at, to which others may refer."""
VALUES = 1000
"""The most values of a field that one step removes."""
MOST = 100
"""The most objects that one step of a sweep removes, which takes the server a few milliseconds."""


class Swept(NamedTuple):
    """The result of one step of a sweep.

    Attributes:
        swept: the number of objects that it removed.
        is_done: true if no other object's deadline was over.
    """

    swept: int
    is_done: bool


def sweep(model: Model, partition: Partition, most: int = MOST, pks: Sequence[bytes] = ()) -> Request[Swept]:
    """Removes objects whose deadline is over, with their index entries; the earliest deadlines first.

    Args:
        model: the model.
        partition: the partition.
        most: the most objects, besides those that are named.
        pks: objects that are removed if their deadline is over.

    Raises (from the reply):
        TooManyChanges: the first object has more index entries than a step may change.
    """

    def decode(reply: list[Any]) -> Swept:
        if reply[0] == b"ok":
            return Swept(reply[1], bool(reply[2]))
        raise refusal(model, reply, None, who=f"a sweep of {model.name}")

    args = (most, len(pks), *pks, model.max_changes, *model.deletions.layout(partition))
    script = SWEEP.recording(model)
    sent = evalsha(script, (partition.pks,), args)
    request = Request(sent, decode, script=script, subject=model, name="sweep", retry_with=answer)
    return request.assuming(model.maintenance.at(partition).declared)


def sweep_values(model: Any, partition: Partition) -> Request[Swept]:
    """Removes values whose deadline is over from their objects, with their index entries.

    Raises (from the reply):
        Relocated: the objects are on their way to another database, or have gone there.
    """

    def decode(reply: list[Any]) -> Swept:
        if reply[0] == b"ok":
            return Swept(reply[1], bool(reply[2]))
        if reply[0] == b"closed":
            raise relocated(model.name, partition.count, reply[1])
        outcome = reply[2] if reply[0] == b"at" else reply
        raise refusal(model, outcome, None, who=f"a sweep of {model.name}")

    script = SWEEP_VALUES.recording(model)
    records = [name for name, _ in model.lapses.records(partition)]
    sent = evalsha(script, (partition.pks, partition.meta), (VALUES, *records))
    return Request(sent, decode, script=script, subject=model, name="sweep")


def sweep_all_values(model: Any, partition: Partition) -> Request[Swept]:
    """Does the same in many steps, until no deadline is over."""
    return _repeated(sweep_values(model, partition))


class Step(Request[Swept]):
    """A further step of a sweep: each has removed something."""

    advances = True
    __slots__ = ()


def _repeated(request: Request[Swept]) -> Request[Swept]:
    """Returns a step of a sweep that is repeated until no deadline is over, as often as that takes."""
    before = request.retry_with

    def once_more(sent: Request[Any], reply: list[Any]) -> Request[Any] | None:
        if reply[0] != b"ok":
            return None if before is None else before(sent, reply)
        if reply[2]:
            return None
        step = Step(sent.args, sent.decode, script=sent.script, subject=sent.subject, name=sent.name)
        step.retry_with = once_more
        return step

    request.retry_with = once_more
    return request


def sweep_targets(model: Any, partition: Partition) -> Request[Swept]:
    """Removes objects whose deadline is over, to which others may refer, with all that comes of it.

    Raises (from the reply):
        Relocated: the objects are on their way to another database, or have gone there.
        UndeclaredReference: a model may refer to one that no code has declared since objects expire.
        IndexNotBuilt: the index of a reference does not know all objects.
    """
    is_declared = False

    def decode(reply: list[Any]) -> Swept:
        if reply[0] == b"ok":
            return Swept(reply[1], bool(reply[2]))
        raise _refused_targets(model, partition, reply)

    def declared_first(sent: Request[Any], reply: list[Any]) -> Request[Any] | None:
        nonlocal is_declared
        if is_declared or reply[0] not in {b"unrecorded", b"undeclared"}:
            return None
        is_declared = True
        for one in model.settled_with:
            sent = sent.after(one.maintenance.at(one.keys.beside(partition)).declaring())
        return sent

    script = SWEEP_TARGETS.recording(model)
    sent = evalsha(script, (partition.pks, partition.meta), (MOST_TARGETS,))
    return Request(sent, decode, script=script, subject=model, name="sweep", retry_with=declared_first)


def _refused_targets(model: Any, partition: Partition, reply: list[Any]) -> LimpydError:
    """Returns the error for a sweep of objects to which others refer."""
    outcome, *facts = reply
    if outcome == b"closed":
        return relocated(model.name, partition.count, facts[0])
    if outcome == b"unrecorded":
        name = to_text(facts[0]).partition("}")[0].removeprefix("{")
        return UndeclaredReference(name, model.name, "")
    if outcome == b"unbuilt":
        holder, _, field = to_text(facts[0]).partition(".")
        return IndexNotBuilt(holder, field, "the index that finds the referring objects")
    return refusal(model, reply, None, who=f"a sweep of {model.name}")


def sweep_all_targets(model: Any, partition: Partition) -> Request[Swept]:
    """Does the same in many steps, until no deadline is over."""
    return _repeated(sweep_targets(model, partition))


def sweep_before(model: Model, partition: Partition, most: int = MOST, pks: Sequence[bytes] = ()) -> Request[Any]:
    """The same before a write, which an object that is too large does not keep from being made."""
    request: Request[Any] = sweep(model, partition, most, pks)
    decode = request.decode

    def decode_some(reply: Any) -> Any:
        try:
            return decode(reply)
        except TooManyChanges:
            return None
        except UndeclaredReference:
            if pks:
                raise
            return None

    request.decode = decode_some
    return request


def over_expired(request: Request[R], model: Model, partition: Partition, pk: bytes) -> Request[R]:
    """Has a creation take the primary key of an object whose deadline is over.

    If the primary key is taken, one more request removes the object if it has expired, and the creation is sent again.
    """

    def swept() -> Request[Any]:
        return sweep_before(model, partition, 0, (pk,))

    is_swept = False

    def retry(sent: Request[Any], reply: Any) -> Request[Any] | None:
        nonlocal is_swept
        if isinstance(reply, list) and reply[0] == b"taken" and not is_swept:
            is_swept = True
            return sent.after(swept())
        return before(sent, reply)

    before: Callable[[Request[Any], Any], Request[Any] | None] = request.retry_with or answer
    in_transaction = request.after(swept())
    request.retry_with = retry
    request.transactional = lambda: in_transaction
    return request
