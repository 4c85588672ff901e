"""A transaction as one request: a script in which each request is a part (see scripts/transaction.lua). No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from limpyd.drivers.replies import first_key
from limpyd.exceptions import LimpydError, NotExecuted, NotInPipeline
from limpyd.fields.base import MOST_PASSED_ON
from limpyd.indexes.asked import answer
from limpyd.pipelines.batches import Exchange, questions_settled
from limpyd.pipelines.pending import Pending
from limpyd.requests import Argument, Request
from limpyd.scripts.loader import Script
from limpyd.scripts.outcomes import Model, about_a_key

READING = Script("transaction", flags="no-writes")
"""For what only reads, which a replica serves too."""
REMOVING = Script("transaction", flags="allow-oom")
"""For what only frees memory, which a full server must not refuse."""
WRITING = Script("transaction")


def check_fits(request: Request[Any]) -> None:
    """Refuses what cannot be part of a transaction.

    Raises:
        NotInPipeline: it cannot.
    """
    script = request.script
    if script is not None and script.name not in WRITING.within:
        msg = f"{request!r} cannot be taken back with others, so not be in a transaction; use pipeline()"
        raise NotInPipeline(msg)
    if request.again is not None and request.again is not answer:
        msg = f"{request!r} is followed by others, which its reply tells; ask it outside of the transaction"
        raise NotInPipeline(msg)
    if script is None and len(request.args) > MOST_PASSED_ON:
        msg = f"{request!r} has {len(request.args)} arguments; a transaction passes on {MOST_PASSED_ON}. Ask in parts"
        raise NotInPipeline(msg)


def as_one(pendings: Sequence[Pending[Any]]) -> Exchange:
    """Does all that the requests ask for, or nothing of it, and settles each."""
    yield from questions_settled(pendings)
    if any(pending.error is not None for pending in pendings):
        settle_refused_first(pendings)
        return
    sent = [pending for pending in pendings if pending.request.args]
    try:
        replies = (yield one_request([pending.request for pending in sent])) if sent else [b"ok"]
    except LimpydError as error:
        for pending in pendings:
            pending.settle(error=error)
        return
    settle_whole(pendings, replies)


def one_request(requests: Sequence[Request[Any]]) -> Request[list[Any]]:
    """The request that does all of them, or nothing; the reply is as it comes."""
    keys: list[Argument] = []
    args: list[Argument] = []
    for request in requests:
        if request.script is None:
            key = first_key(request)
            own: Sequence[Argument] = () if key is None else (key,)
            name, rest = "", request.args
        else:
            count = int(request.args[2])
            own, rest = request.args[3 : 3 + count], request.args[3 + count :]
            name = request.script.name
        keys += own
        args += (name, len(own), len(rest), *rest)
    script = _script_for(requests)
    return Request(
        (b"EVALSHA", script.sha, len(keys), *keys, *args),
        lambda reply: reply,
        script=script,
        subject=_Transaction(),
        readonly=all(request.readonly for request in requests),
        again=answer,
    )


def settle_whole(pendings: Sequence[Pending[Any]], reply: list[Any]) -> None:
    """Settles all by what the script replied."""
    sent = [pending for pending in pendings if pending.request.args]
    if reply[0] == b"ok":
        _settle_all(sent, reply[1:])
        _settle_all([pending for pending in pendings if not pending.request.args], None)
        return
    _, number, outcome = reply
    settle_refused(pendings, pendings.index(sent[number]), _error_of(sent[number].request, outcome))


def settle_refused_first(pendings: Sequence[Pending[Any]]) -> None:
    """Settles all by the first error of one of them."""
    number, error = next((number, one.error) for number, one in enumerate(pendings) if one.error is not None)
    settle_refused(pendings, number, error)


def settle_refused(pendings: Sequence[Pending[Any]], failed: int, error: Exception) -> None:
    """Settles all by the error of one, which names it."""
    told = f"operation {failed + 1} of {len(pendings)} in a transaction; nothing of it was done"
    error.add_note(told)
    for number, pending in enumerate(pendings):
        if number == failed:
            pending.settle(error=error)
        else:
            because = NotExecuted(f"{pending!r}: nothing was done, since operation {failed + 1} was refused: {error}")
            pending.settle(error=because)


class _Transaction:
    """A transaction, as the subject of a request."""

    def type_of(self, _key: bytes) -> str:
        return "any type"

    def __str__(self) -> str:
        return "a transaction"


def _script_for(requests: Sequence[Request[Any]]) -> Script:
    crosses = any(
        request.script is not None and "allow-cross-slot-keys" in request.script.flags for request in requests
    )
    if all(request.readonly for request in requests):
        return READING.crossing_if(crosses)
    scripts = [request.script for request in requests if request.script is not None and not request.readonly]
    script = REMOVING if all("allow-oom" in script.flags for script in scripts) else WRITING
    return script.crossing_if(crosses)


def _settle_all(pendings: Sequence[Pending[Any]], replies: Sequence[Any] | None) -> None:
    for number, pending in enumerate(pendings):
        try:
            result = pending.request.decode(None if replies is None else replies[number])
        except Exception as error:  # noqa: BLE001 - as of one that is asked alone
            pending.settle(error=error)
        else:
            pending.settle(result)


def _error_of(request: Request[Any], outcome: list[Any]) -> Exception:
    """The error that the outcome of one request stands for."""
    subject = cast("Model", request.subject)
    script = request.script
    if script is None or b"atomically" not in script.source:  # it knows nothing of outcomes
        return about_a_key(subject, str(subject), outcome[0], outcome[1:], request.args[0], request.needs)
    try:
        request.decode(outcome)
    except LimpydError as error:
        return error
    msg = f"{request!r}: unknown outcome {outcome!r}"
    raise AssertionError(msg)
