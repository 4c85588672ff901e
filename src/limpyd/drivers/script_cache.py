"""The scripts that the server of a connection knows, since they have just run there."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any

from redis import exceptions as redis_errors

from limpyd.requests.request import Argument, Request

TRUSTED = 10.0
"""Seconds for which a server that has run a script is trusted to know it. SCRIPT FLUSH removes all, and Redis 7.4
and later remove some when there are many."""
MOST = 1000
"""The most scripts remembered for a connection."""


class ScriptCache:
    """The digests of scripts, and until when the server is trusted to know each."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: dict[bytes, float] = {}

    def without_known(
        self,
        requests: Sequence[Request[Any]],
        commands: Sequence[tuple[Argument, ...]],
        with_sources: Sequence[tuple[Argument, ...]] | None,
    ) -> Sequence[tuple[Argument, ...]]:
        """Returns what is sent of requests: the source of a script only if it is not known.

        Args:
            requests: the requests.
            commands: what is sent of each where its script is known.
            with_sources: what is sent of each else; None if all are to be taken for known.
        """
        if with_sources is None:
            return commands
        now = monotonic()
        return [
            command if request.script is not None and now < self._until.get(request.script.sha, 0.0) else source
            for request, command, source in zip(requests, commands, with_sources, strict=True)
        ]

    def note(self, requests: Sequence[Request[Any]], replies: Sequence[Any]) -> None:
        """Notes which scripts the server knows, by the replies to requests."""
        until = monotonic() + TRUSTED
        if len(self._until) > MOST:
            self._until.clear()
        for request, reply in zip(requests, replies, strict=False):
            if request.script is None:
                continue
            if isinstance(reply, redis_errors.NoScriptError):
                self._until.clear()  # somebody may have removed them all
            elif not isinstance(reply, Exception):
                self._until[request.script.sha] = until
