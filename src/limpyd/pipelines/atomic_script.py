"""A transaction as one request: a script in which each request is a part (see pipelines/transaction.lua). No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from limpyd.exceptions import LimpydError, NotExecuted, NotInPipeline, OutcomeUnknown, RollbackFailed
from limpyd.fields.bound.existence import MAX_PASSED_ON
from limpyd.lua.overdue import overdue_of_all
from limpyd.lua.script import Linked, Script, evalsha
from limpyd.pipelines.exchange import AsOne, Exchange
from limpyd.pipelines.pending_result import Pending
from limpyd.pipelines.questions import questions_settled
from limpyd.pipelines.settling import settle_each, settle_read
from limpyd.pipelines.step_arguments import placed, unusable_result
from limpyd.requests.request import ANY_TYPE, Argument, Request, merged
from limpyd.requests.step_results import StepArgument
from limpyd.scripts.error_mapping import Model, about_a_key, unknown_outcome
from limpyd.scripts.python_transforms import answer

READING = Script("transaction", flags="no-writes")
"""For what only reads, which a replica serves too."""
REMOVING = Script("transaction", flags="allow-oom")
"""For what only frees memory, which a full server must not refuse."""
WRITING = Script("transaction")
RESULTS = "="
"""Stands before an operation that uses results of earlier ones."""
PARTS = {"existing": "find"}
"""Scripts that others are in the place of, as parts of a transaction: they do the same without a short way."""


def check_fits(request: Request[Any]) -> None:
    """Refuses a request that cannot be part of a transaction.

    Raises:
        NotInPipeline: it cannot.
    """
    script = request.script
    if script is None and not request.readonly:
        msg = f"{request!r} cannot be undone, so it cannot be part of a transaction; use pipeline(transaction=True)"
        raise NotInPipeline(msg)
    if script is not None and PARTS.get(script.name, script.name) not in WRITING.within:
        msg = (
            f"{request!r} cannot be undone together with other operations, so it cannot be part of a transaction; "
            "call it outside the transaction"
        )
        raise NotInPipeline(msg)
    if request.retry_with is not None and request.retry_with is not answer:
        msg = (
            f"{request!r} takes several requests, each of which depends on the reply before; call it outside the "
            "transaction"
        )
        raise NotInPipeline(msg)
    if script is None and len(request.args) > MAX_PASSED_ON:
        msg = (
            f"{request!r} has {len(request.args)} arguments; in a transaction the limit is {MAX_PASSED_ON}. Send "
            "it in parts"
        )
        raise NotInPipeline(msg)


def as_one(pendings: Sequence[Pending[Any]]) -> Exchange:
    """Executes all requests or none, and settles each."""
    yield from questions_settled(pendings)
    known = known_results(pendings)
    if any(pending.error is not None for pending in pendings):
        settle_refused_first(pendings)
        return
    sent = [pending for pending in pendings if not pending.request.is_resolved]
    try:
        reply = (yield AsOne(one_request(sent), begins(sent))) if sent else [b"ok"]
    except LimpydError as error:
        for pending in pendings:
            pending.settle(error=error)
        return
    settle_whole(pendings, reply, known)


def known_results(pendings: Sequence[Pending[Any]]) -> list[Any]:
    """Returns the results that are known without a request; settles an operation whose result is an error."""
    results = []
    for pending in pendings:
        if is_known(pending):
            try:
                results.append(pending.request.decode(None))
            except LimpydError as error:
                pending.settle(error=error)
    return results


def is_known(pending: Pending[Any]) -> bool:
    """Returns whether the result of an operation is known without the server."""
    return pending.request.is_resolved and pending.request.result is None


def begins(pendings: Sequence[Pending[Any]]) -> Callable[[], None]:
    """Returns the function to call when they are sent: from then on all may have been executed."""
    writes = not all(pending.request.readonly for pending in pendings)

    def begun() -> None:
        for pending in pendings:
            pending.may_be_done = writes

    return begun


def one_request(pendings: Sequence[Pending[Any]]) -> Request[list[Any]]:
    """The request that executes all operations or none; its reply is not decoded."""
    requests = [pending.request for pending in pendings]
    numbers = {pending: number for number, pending in enumerate(pendings)}
    keys: list[Argument] = []
    args: list[Argument] = []
    for pending, request in zip(pendings, requests, strict=True):
        if pending.uses:
            results = placed(request, pending.uses, numbers)
            args += (RESULTS, 0, len(results), *results)
        if request.script is None:
            key = request.key
            own: Sequence[Argument] = () if key is None else (key,)
            rest: Sequence[Argument] = request.args
            name = ""
        else:
            count = int(request.args[2])
            own, rest = request.args[3 : 3 + count], request.args[3 + count :]
            if request.script.feeds:
                own = own[:-1]  # the key with the settings of feeds, which the transaction has for all
            name = PARTS.get(request.script.name, request.script.name)
        if pending.uses:
            rest = [b"" if type(arg) is StepArgument else arg for arg in rest]
        keys += own
        args += (name, len(own), len(rest), *rest)
    script = _script_for(requests)
    return Request(
        evalsha(script, keys, args),
        lambda reply: reply,
        script=script,
        subject=_Transaction(requests),
        readonly=all(request.readonly for request in requests),
        retry_with=answer,
        assumes=merged(assumption for request in requests for assumption in request.assumes),
    )


def settle_whole(pendings: Sequence[Pending[Any]], reply: list[Any], known: Sequence[Any]) -> None:
    """Settles all operations by the reply of the script, and by the results that were known before.

    If they were executed, an error that Python finds in the reply of an operation belongs to this operation only.
    """
    sent = [pending for pending in pendings if not pending.request.is_resolved]
    if reply[0] == b"ok":
        settle_each([pending for pending in pendings if is_known(pending)], known, _settle_known)
        settle_each(sent, reply[1:], _settle_done)
        keys = [pending for pending in pendings if not pending.is_done]  # of objects that were created
        settle_each(keys, [None] * len(keys), _settle_done)
        return
    _, number, outcome = reply
    failed = pendings.index(sent[number])
    if outcome[0] == b"result":
        source = sent[outcome[1]]
        error: Exception = unusable_result(sent[number].request, pendings.index(source) + 1, source.request, outcome)
    else:
        error = _error_of(sent[number].request, outcome)
    if isinstance(error, RollbackFailed | OutcomeUnknown):
        settle_unknown(pendings, failed, error)
    else:
        settle_refused(pendings, failed, error)


def settle_refused_first(pendings: Sequence[Pending[Any]]) -> None:
    """Settles all by the first error of one of them."""
    number, error = next((number, one.error) for number, one in enumerate(pendings) if one.error is not None)
    settle_refused(pendings, number, error)


def settle_refused(pendings: Sequence[Pending[Any]], failed: int, error: Exception) -> None:
    """Settles all by the error of one, which names it."""
    note = f"operation {failed + 1} of {len(pendings)} in a transaction; nothing was executed"
    error.add_note(note)
    for number, pending in enumerate(pendings):
        if number == failed:
            pending.settle(error=error)
        else:
            because = NotExecuted(
                f"{pending!r}: nothing was executed, because operation {failed + 1} was refused: {error}"
            )
            pending.settle(error=because)


def settle_unknown(pendings: Sequence[Pending[Any]], failed: int, error: Exception) -> None:
    """Settles all operations by the error of one, if not all changes could be undone."""
    error.add_note(f"operation {failed + 1} of {len(pendings)} in a transaction, whose changes could not all be undone")
    for number, pending in enumerate(pendings):
        if number == failed:
            pending.settle(error=error)
        else:
            because = (
                f"{pending!r}: it may have been executed, because not all changes of its transaction could be "
                f"undone: {error}"
            )
            pending.settle(error=OutcomeUnknown(because))


class _Transaction:
    """A transaction, as the subject of a request.

    Attributes:
        parts: the requests that it stands for.
    """

    def __init__(self, parts: Sequence[Request[Any]]) -> None:
        self.parts = parts

    def type_of(self, _key: bytes) -> str:
        return ANY_TYPE

    def __str__(self) -> str:
        return "a transaction"


def _script_for(requests: Sequence[Request[Any]]) -> Linked:
    script = _plain_script_for(requests)
    if any(request.script is not None and request.script.expires for request in requests):
        script = script.expiring
    if any(request.script is not None and request.script.renewal is not None for request in requests):
        script = script.renewing(b"")
    overdue = overdue_of_all(each.script.overdue for each in requests if each.script is not None)
    if overdue is not None:
        script = script.removing(overdue)
    script = script.allow_cross_slot(any(request.crosses_slots for request in requests))
    feeds = {request.script.feeds for request in requests if request.script is not None}
    if any(feeds):
        from limpyd.lua.recorders import recorder  # noqa: PLC0415 - most models have no feed of changes

        return recorder(script, feeds)
    return script


def _plain_script_for(requests: Sequence[Request[Any]]) -> Script:
    if all(request.readonly for request in requests):
        return READING.without_promises
    scripts = [request.script for request in requests if request.script is not None and not request.readonly]
    script = REMOVING if all("allow-oom" in script.flags for script in scripts) else WRITING
    return script if any(each is each.with_promises for each in scripts) else script.without_promises


def _settle_known(pending: Pending[Any], result: Any) -> None:
    pending.settle(result)


def _settle_done(pending: Pending[Any], reply: Any) -> None:
    settle_read(
        pending, reply, ("the transaction was executed; this error was found in the reply of one of its operations")
    )


def _error_of(request: Request[Any], outcome: list[Any]) -> Exception:
    """The error that the outcome of one request stands for."""
    subject = cast("Model", request.subject)
    script = request.script
    if outcome[0] == b"replied":  # a reply that says that the operation failed
        outcome = outcome[1]
    elif script is None or "atomically" not in script.requires:  # it knows nothing of outcomes
        return about_a_key(subject, str(subject), outcome[0], outcome[1:], request.args[0], request.needs)
    try:
        request.decode(outcome)
    except LimpydError as error:
        return error
    return unknown_outcome(repr(request), outcome)
