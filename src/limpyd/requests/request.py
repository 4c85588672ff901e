"""Requests: commands as values, with the arguments to send and the decoding of the reply.

Neither this module nor the code that builds requests does I/O. Drivers send them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

from limpyd.keys.slots import slot_of
from limpyd.requests.assumptions import Assumption as Assumption  # noqa: PLC0414 - it is a part of this module too
from limpyd.requests.assumptions import merged as merged  # noqa: PLC0414 - the same
from limpyd.requests.guards import Guard
from limpyd.requests.incomplete_reply import IncompleteReply as IncompleteReply  # noqa: PLC0414 - a part of this module too
from limpyd.requests.key_arguments import CROSS_SLOT, first_key, first_key_of_script
from limpyd.requests.resp import Argument as Argument  # noqa: PLC0414 - it is a part of this module too
from limpyd.requests.resp import pack
from limpyd.requests.step_results import Result
from limpyd.requests.subjects import Script, Subject
from limpyd.server import Needs

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")

ANY_TYPE = "any type"
"""The Redis type of a key that may be of any."""
MAX_TRIES = 100
"""The most times that a request may be replaced by the one of its `retry_with`, unless it advances."""


class Request(Generic[R_co]):
    """One request to the server and the meaning of its reply.

    Attributes:
        args: the command and its arguments, as they are sent; none if the result is known without.
        is_resolved: true if there is nothing to send.
        decode: turns the reply into the result; may raise the error in the reply.
        readonly: true if a second execution changes nothing, so that it may be sent again after a lost connection.
        may_be_stale: true if its result may be of a moment ago, so that a replica may serve it.
        script: set for EVALSHA, so that the driver can send the source when the server lacks it.
        subject: the field or model that it is about.
        name: its name in traces, if neither its command nor its script says what it does.
        blocking: true if it may keep its connection waiting, so that it must not share one.
        timeout: the most seconds that a blocking request waits; 0 for no limit.
        creates: the instance that gets its primary key from the result, if there is one.
        needs: the servers that support its arguments, if fewer than support the command.
        origin: of a step of a walk, the server process that its cursor belongs to (see requests/walks.py).
        preflight: a request that is run before it; its error is raised as this one's.
        retry_with: from this request and its reply, returns a request to run instead of decoding the reply; or None.
        transactional: returns the request that does the same within a transaction, if this one cannot be in one.
        followups: requests that are sent right after it, in the same packet. The error of one is raised as this one's;
            each may amend this one's reply.
        assumes: assumptions about the indexes of models; at most one for each model.
        result: the result in the reply of its script, for later steps of a transaction; None if they cannot use it.
    """

    replies = 1
    """The number of replies to the bytes of `ready`; from several, `settled` picks the reply."""
    complete = True
    """True if its reply always has the result or the error, so that no other request is needed."""
    advances = False
    """True if each reply is for a part of the work that stays done, so that it is replaced as often as that takes."""

    __slots__ = (
        "args",
        "assumes",
        "blocking",
        "creates",
        "decode",
        "followups",
        "is_resolved",
        "may_be_stale",
        "name",
        "needs",
        "origin",
        "preflight",
        "readonly",
        "result",
        "retry_with",
        "script",
        "subject",
        "timeout",
        "transactional",
    )

    def __init__(
        self,
        args: tuple[Argument, ...],
        decode: Callable[[Any], R_co],
        *,
        readonly: bool = False,
        may_be_stale: bool = False,
        script: Script | None = None,
        subject: Subject | None = None,
        name: str | None = None,
        blocking: bool = False,
        timeout: float = 0,
        creates: Any = None,
        needs: Needs | None = None,
        preflight: Request[Any] | None = None,
        retry_with: Callable[[Request[Any], Any], Request[Any] | None] | None = None,
        transactional: Callable[[], Request[R_co]] | None = None,
        assumes: tuple[Assumption, ...] = (),
        followups: tuple[Request[Any], ...] = (),
        result: Result | None = None,
    ) -> None:
        self.args = args
        self.is_resolved = not args
        self.decode = decode
        self.readonly = readonly
        self.may_be_stale = may_be_stale
        self.script = script
        self.subject = subject
        self.name = name
        self.blocking = blocking
        self.timeout = timeout
        self.creates = creates
        self.needs = needs
        self.preflight = preflight
        self.retry_with = retry_with
        self.transactional = transactional
        self.assumes = assumes
        self.followups = followups
        self.result = result
        self.origin: Any = None

    @property
    def under(self) -> Any:
        """The indexes of the partition under whose epoch it is sent by `ready`, if it is a script that compares it."""
        return None

    def described(self) -> Request[R_co]:
        """Returns the request that stands for it where more has to be done than to send what `ready` returns."""
        return self

    def ready(self) -> bytes | None:
        """Returns its bytes in the Redis protocol; None if sending them is not all that has to be done."""
        before = self.preflight is not None or self.origin is not None
        more = before or self.assumes or self.followups or self.blocking or self.retry_with is not None
        return None if more or not self.args else self.packed(())

    def reply_of(self, replies: list[Any]) -> Any:
        """Returns its reply from the replies to the bytes of `ready`.

        Raises:
            Outdated: the server has another epoch than the one that it was sent under.
        """
        return replies[0]

    @property
    def key(self) -> bytes | None:
        """The first key that it names."""
        return first_key(self.args) if self.script is None else first_key_of_script(self.args)

    @property
    def slot(self) -> int | None:
        """The hash slot of its keys, by which a cluster routes it; None if it names none, so any node serves it."""
        key = self.key
        return None if key is None else slot_of(key)

    @property
    def crosses_slots(self) -> bool:
        """True if its script uses keys of other slots as well."""
        return self.script is not None and CROSS_SLOT in self.script.flags

    def args_under(self, guards: Sequence[Guard]) -> tuple[Argument, ...]:
        """Returns its arguments; those of a script that compares epochs end with the guards."""
        script = self.script
        if script is None or not script.guarded:
            return self.args
        if len(guards) == 1:
            return (*self.args, *guards[0], b"1")
        return (*self.args, *chain.from_iterable(guards), len(guards))

    def packed(self, guards: Sequence[Guard]) -> bytes:
        """Returns `args_under` some guards as bytes of the Redis protocol."""
        return pack(self.args_under(guards))

    def exact(self) -> Request[R_co]:
        """Has the primary serve it, and returns it; it is one that no other caller has."""
        if self.may_be_stale:
            self.may_be_stale = False
        return self

    def with_promises(self) -> Request[R_co]:
        """Returns the request that does the same and can be sent under promises of other partitions."""
        script = self.script
        if script is None or script.with_promises is script:
            return self
        able, transactional = self._like(self.args, self.decode, self.preflight), self.transactional
        able.script = script.with_promises
        able.args = (self.args[0], able.script.sha, *self.args[2:])
        able.transactional = transactional
        return able

    def under_several(self) -> Request[R_co]:
        """Returns the request that does the same and can be sent under any number of guards."""
        return self

    def then(self, convert: Callable[[R_co], S]) -> Request[S]:
        """The same request with its result converted further."""
        decode, transactional = self.decode, self.transactional

        def decode_further(reply: Any) -> S:
            try:
                result = decode(reply)
            except IncompleteReply as incomplete:
                raise incomplete.then(convert) from incomplete.__cause__
            return convert(result)

        converted = self._like(self.args, decode_further, self.preflight)
        converted.result = None if self.result is None else self.result.converted
        if transactional is not None:
            converted.transactional = lambda: transactional().then(convert)
        return converted

    def decoded_by(self, decode: Callable[[Any], S]) -> Request[S]:
        """The same request with another decoder of its reply, except within a transaction."""
        alike: Any = self._like(self.args, decode, self.preflight)
        alike.transactional = self.transactional
        return alike  # type: ignore[no-any-return]

    def after(self, before: Request[Any] | None) -> Request[R_co]:
        """The same request with a preflight, if one is given."""
        if before is None:
            return self
        preflight = before if self.preflight is None else self.preflight.after(before)
        later, transactional = self._like(self.args, self.decode, preflight), self.transactional
        if transactional is not None:
            later.transactional = lambda: transactional().after(before)
        return later

    def amend_reply(self, reply: Any, own: Any) -> Any:
        """Returns the reply to another request, which this one is sent right after; may correct it.

        Args:
            reply: the reply to that request.
            own: the reply to this one; an error in it is raised.
        """
        self.decode(own)
        return reply

    def with_args(self, args: tuple[Argument, ...]) -> Request[R_co]:
        """The same request with other arguments, and without its preflight."""
        return self._like(args, self.decode, None)

    def assuming(self, *assumptions: Assumption) -> Request[R_co]:
        """The same request with more assumptions."""
        if not assumptions:
            return self
        more, transactional = self._like(self.args, self.decode, self.preflight), self.transactional
        more.assumes = merged([*self.assumes, *assumptions])
        if transactional is not None:
            more.transactional = lambda: transactional().assuming(*assumptions)
        return more

    def _like(
        self, args: tuple[Argument, ...], decode: Callable[[Any], S], preflight: Request[Any] | None
    ) -> Request[S]:
        alike = Request(
            args,
            decode,
            readonly=self.readonly,
            may_be_stale=self.may_be_stale,
            script=self.script,
            subject=self.subject,
            name=self.name,
            blocking=self.blocking,
            timeout=self.timeout,
            creates=self.creates,
            needs=self.needs,
            preflight=preflight,
            retry_with=self.retry_with,
            assumes=self.assumes,
            followups=self.followups,
            result=self.result,
        )
        alike.origin = self.origin
        return alike

    def __repr__(self) -> str:
        command = self.script.name if self.script else " ".join(map(str, self.args[:2]))
        return f"<Request {command} for {self.subject}>"


def resolved(result: R) -> Request[R]:
    """A request whose result is known: there is nothing to send."""
    return Request((), lambda _: result, readonly=True)


Program = Generator[Request[Any] | list[Request[Any]], Any, R]
"""An operation of several requests: it yields each, or a list of some that are sent at once, and returns the whole."""

Walk = Callable[[bytes], Request[tuple[bytes, list[R]]]]
"""A walk by cursor: from a cursor to the request that gives the next cursor and some items."""
