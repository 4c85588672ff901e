"""Frequent calls in pipelines: they are packed when they are collected, and only described if they need more than that.

A pipeline sends the bytes of each (`ready`), and the common part of such calls makes the result of a usual reply. A
call is described after all if it is refused, or sent in another way, or to name it in an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd.requests.request import IncompleteReply, Request
from limpyd.statements.fast_call import FastCall

Call = Callable[[Any, Any], Any]
Describe = Callable[[Any, Any], Request[Any]]


class PackedCall(Request[Any]):
    """A call that has been packed.

    Args:
        known: the common part of such calls.
        packed: what is sent of it.
        catalog: the catalog that the process knew when a write was packed.
        holder: what it is made on.
        given: what it is given.
        describe: builds its `Request`.
    """

    __slots__ = ("_catalog", "_describe", "_given", "_holder", "_known", "_packed", "_request")

    blocking = is_resolved = False
    timeout = 0
    creates = origin = preflight = retry_with = None
    followups = ()

    def __init__(
        self, known: FastCall, packed: bytes, catalog: object, holder: Any, given: Any, describe: Describe
    ) -> None:
        statement: Any = known.statement
        if statement is None:
            self.readonly, self.script = True, None
        else:
            self.readonly, self.script = False, statement.script
        self._known = known
        self._packed = packed
        self._catalog = catalog
        self._holder = holder
        self._given = given
        self._describe = describe
        self._request: Request[Any] | None = None

    @property
    def under(self) -> Any:
        statement = self._known.statement
        return None if statement is None else statement.maintenance

    @property
    def slot(self) -> int:
        return self._known.home.slot

    @property
    def may_be_stale(self) -> bool:  # type: ignore[override]
        return self.readonly

    def ready(self) -> bytes | None:
        statement, trust = self._known.statement, self._known.trust
        if statement is not None:
            return self._packed if self._catalog is statement.maintenance.catalog else None
        return self._packed if trust is None or trust.is_trusted else None

    def decode(self, reply: Any) -> Any:
        known = self._known
        if known.statement is not None:
            if type(reply) is list:  # a refusal
                return self._as_described().decode(reply)
        elif known.trust is not None and not known.trust.is_trusted:
            raise IncompleteReply(lambda _: self.described(), lambda: known.settle(self._holder, reply))
        return known.settle(self._holder, reply)

    def described(self) -> Request[Any]:
        begun: Request[Any] = self._known.model.model.database._begun(self.describe())
        return begun

    def describe(self) -> Request[Any]:
        """Returns the request that does the same."""
        return self._describe(self._holder, self._given)

    def _as_described(self) -> Request[Any]:
        request = self._request
        if request is None:
            request = self._request = self.describe()
        return request

    def __getattr__(self, name: str) -> Any:
        return getattr(self._as_described(), name)

    def __repr__(self) -> str:
        return repr(self._as_described())


def collecting(known: FastCall, describe: Describe, otherwise: Call) -> Call:
    """Returns the function that makes calls, of a holder and what is given, while a pipeline of the database is open.

    Args:
        known: how to pack a call.
        describe: builds the `Request` of a call.
        otherwise: makes a call the usual way, by its request.
    """
    pack, statement = known.packed, known.statement
    schema = known.model
    if statement is not None and not statement.complete:
        return otherwise

    def collected(holder: Any, given: Any) -> Any:
        pipeline = schema.model.database._pipeline()
        if pipeline is None or not pipeline.takes_packed_calls:
            return otherwise(holder, given)
        catalog = None if statement is None else statement.maintenance.catalog
        packed = pack(holder, given)
        if packed is None:
            return otherwise(holder, given)
        return pipeline.collect_packed(PackedCall(known, packed, catalog, holder, given, describe))

    return collected
