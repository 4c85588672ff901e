"""Statements in pipelines that write to several models: they also compare the epochs of the models written before.

So each is refused where one before it is, and no write of a pipeline overtakes another.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from limpyd.requests.guards import Guard
from limpyd.requests.request import Request
from limpyd.requests.resp import EVALSHA, after_digest, pack_bytes
from limpyd.statements.script_source import script_under_others


class UnderOthers(Request[Any]):
    """The request of a statement under the epochs of other models.

    Args:
        request: the request of the statement.
        packed: what `ready` of it returned.
        others: the guards of the other models.
    """

    __slots__ = ("_packed", "_request")

    readonly = blocking = is_resolved = may_be_stale = False
    creates = origin = preflight = retry_with = None
    followups = ()

    def __init__(self, request: Request[Any], packed: bytes, others: Sequence[Guard]) -> None:
        general: Any = request.script
        script: Any = script_under_others(general)
        self.script = script
        self._request = request
        count, rest = after_digest(packed)
        guards = (*chain.from_iterable(others), b"%d" % len(others))
        head = b"*%d\r\n%b%b" % (count + len(guards), EVALSHA, script.sha)
        self._packed = head + rest + pack_bytes(guards)

    @property
    def slot(self) -> int | None:
        return self._request.slot

    def ready(self) -> bytes | None:
        return self._packed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)

    def __repr__(self) -> str:
        return repr(self._request)
