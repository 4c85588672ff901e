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


class OtherEpochs:
    """The epochs of other models, as the last arguments of requests.

    Args:
        guards: the guards of the models.

    Attributes:
        count: the number of arguments.
        packed: the arguments.
    """

    __slots__ = ("_scripts", "count", "packed")

    def __init__(self, guards: Sequence[Guard]) -> None:
        args = (*chain.from_iterable(guards), b"%d" % len(guards))
        self.count = len(args)
        self.packed = pack_bytes(args)
        self._scripts: dict[Any, Any] = {}

    def add_to(self, request: Request[Any], packed: bytes) -> Request[Any]:
        """Returns the request of a statement with them; `packed` is what its `ready` returned."""
        return UnderOthers(request, packed, self)

    def script(self, script: Any) -> Any:
        """Returns the form of a script that compares them."""
        known = self._scripts.get(script)
        if known is None:
            known = self._scripts[script] = script_under_others(script)
        return known


class UnderOthers(Request[Any]):
    """The request of a statement under the epochs of other models.

    Args:
        request: the request of the statement.
        packed: what `ready` of it returned.
        others: those of the other models.
    """

    __slots__ = ("_packed", "_request")

    readonly = blocking = is_resolved = may_be_stale = False
    creates = origin = preflight = retry_with = None
    followups = ()

    def __init__(self, request: Request[Any], packed: bytes, others: OtherEpochs) -> None:
        self.script = script = others.script(request.script)
        self._request = request
        count, rest = after_digest(packed)
        self._packed = b"*%d\r\n%b%b%b%b" % (count + others.count, EVALSHA, script.sha, rest, others.packed)

    @property
    def slot(self) -> int | None:
        return self._request.slot

    def ready(self) -> bytes | None:
        return self._packed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request, name)

    def __repr__(self) -> str:
        return repr(self._request)
