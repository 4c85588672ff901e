"""Requests that are several: their parts are sent at once, perhaps in rounds, and their results become one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple, NoReturn, TypeVar

from limpyd.exceptions import NotInPipeline
from limpyd.requests.reads import Reads
from limpyd.requests.request import Program, Request
from limpyd.requests.subjects import Subject

R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")

Rounds = Generator[Any, Any, R_co]
"""Yields a list of requests for each round, is sent their results, or thrown the first error; returns the result.

It may also yield a `Pause`, or `Outcomes`.
"""


class Outcomes(list[Request[Any]]):
    """The requests of a round whose errors do not end it: of each the result is sent back, or the error."""


class Prepared(Sequence[Request[Any]]):
    """The requests of a round that may be sent as one; each is only made if it is looked at."""

    __slots__ = ()

    def reads(self) -> Reads | None:
        """Returns them as reads that are sent at once; None if something has to be done before."""
        raise NotImplementedError


class Pause(NamedTuple):
    """A time to wait before the next round.

    Attributes:
        seconds: the time, in seconds.
    """

    seconds: float


class Scattered(Request[R_co]):
    """A request whose result takes several requests, which are sent at once.

    In a pipeline its first round is sent with the other operations, and its further rounds after them. If a request
    fails, it fails: there are no partial results.

    Args:
        begin: begins the rounds; each execution begins them anew.
        subject: the model that it is about.
        readonly: true if nothing that it sends changes anything.

    Attributes:
        may_be_stale: false if the primaries have to serve all parts; otherwise each part says whether they have to.
    """

    __slots__ = ("begin",)

    def __init__(
        self, begin: Callable[[], Rounds[R_co]], *, subject: Subject | None = None, readonly: bool = True
    ) -> None:
        super().__init__(
            (), _not_decoded, readonly=readonly, may_be_stale=True, subject=subject, transactional=self._refuse
        )
        self.begin = begin

    def then(self, convert: Callable[[R_co], S]) -> Request[S]:
        """The same request with its result converted further."""
        begin = self.begin

        def converted() -> Rounds[S]:
            return convert((yield from begin()))

        return Scattered(converted, subject=self.subject, readonly=self.readonly)

    def after(self, before: Request[Any] | None) -> Request[R_co]:
        """The same request with a request that is run before it, if one is given."""
        if before is None:
            return self
        begin = self.begin

        def later() -> Rounds[R_co]:
            yield [before]
            return (yield from begin())

        return Scattered(later, subject=self.subject, readonly=self.readonly)

    def _refuse(self) -> NoReturn:
        msg = (
            f"{self!r} is asked of several partitions, and no step is atomic over those, so it cannot be part of a "
            "transaction; call it outside the transaction, or name one object by its primary key"
        )
        raise NotInPipeline(msg)

    def __repr__(self) -> str:
        return f"<Request to several partitions for {self.subject}>"


def scattered(
    requests: Sequence[Request[Any]], merge: Callable[[list[Any]], S], *, subject: Subject | None = None
) -> Scattered[S]:
    """A request of one round, whose result a function makes of the results of its requests."""
    readonly = isinstance(requests, Prepared) or all(request.readonly for request in requests)

    def begin() -> Rounds[S]:
        return merge((yield requests))

    return Scattered(begin, subject=subject, readonly=readonly)


def together(requests: list[Request[Any]]) -> Scattered[list[Any]]:
    """A request for the list of the results of some requests, which are sent at once."""
    return scattered(requests, list, subject=requests[0].subject if requests else None)


def outcomes(requests: list[Request[Any]]) -> Scattered[list[Any]]:
    """A request for the outcomes of some requests, which are sent at once: of each the result, or the error."""

    def begin() -> Rounds[list[Any]]:
        found: list[Any] = yield Outcomes(requests)
        return found

    return Scattered(begin, subject=requests[0].subject, readonly=all(request.readonly for request in requests))


def rounds_of(program: Program[S]) -> Rounds[S]:
    """Runs a program, whose steps become rounds."""
    result: Any = None
    error: Exception | None = None
    while True:
        try:
            asked = program.send(result) if error is None else program.throw(error)
        except StopIteration as end:
            found: S = end.value
            return found
        are_several = isinstance(asked, list)
        try:
            results = yield asked if are_several else [asked]
        except Exception as raised:  # noqa: BLE001 - it is the step's
            error = raised
        else:
            result, error = results if are_several else results[0], None


def _not_decoded(_reply: Any) -> NoReturn:
    raise AssertionError  # its parts are sent and decoded in its place
