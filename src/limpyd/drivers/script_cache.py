"""The scripts that the server of a connection knows, since they have just run there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from time import monotonic
from typing import Any, Literal

from redis import exceptions as redis_errors

from limpyd.requests.request import Request
from limpyd.requests.resp import after_digest, any_error
from limpyd.requests.subjects import Script

TRUSTED = 10.0
"""Seconds for which a server that has run a script is trusted to know it. SCRIPT FLUSH removes all, and Redis 7.4
and later remove some when there are many."""
MOST = 1000
"""The most scripts remembered for a connection."""

Sources = Literal["none", "unknown", "all"]
"""The scripts whose sources are sent with their first use: none, if all are trusted to be known and what is refused can
be sent again; those that the server is not known to know; or all."""


class ScriptCache:
    """The digests of scripts, and until when the server is trusted to know each."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: dict[bytes, float] = {}

    def with_sources(
        self, requests: Sequence[Request[Any]], packed: Sequence[bytes], sources: Sources
    ) -> Sequence[bytes]:
        """Returns what is sent of requests: the first use of a script with its source, the others by its digest.

        Args:
            requests: the requests.
            packed: what is sent of each where the server knows its script.
            sources: the scripts whose sources are sent.
        """
        if sources == "none":
            return packed
        if sources == "unknown" and self.know(scripts_of(requests)):
            return packed
        until = self._until if sources == "unknown" else {}
        now = monotonic()
        known: set[bytes] = set()
        sent = []
        for request, command in zip(requests, packed, strict=True):
            script = request.script
            if script is None or script.sha in known or now < until.get(script.sha, 0.0):
                sent.append(command)
            else:
                known.add(script.sha)
                sent.append(with_source(script, command))
        return sent

    def know(self, scripts: Collection[Script]) -> bool:
        """Returns whether the server is trusted to know all of some scripts."""
        if not scripts:
            return True
        now = monotonic()
        return all(now < self._until.get(script.sha, 0.0) for script in scripts)

    def note(self, requests: Sequence[Request[Any]], replies: Sequence[Any]) -> None:
        """Notes which scripts the server knows, by the replies to requests."""
        until = monotonic() + TRUSTED
        if len(self._until) > MOST:
            self._until.clear()
        if len(replies) == len(requests) and not any_error(replies):
            for script in scripts_of(requests):
                self._until[script.sha] = until
            return
        for request, reply in zip(requests, replies, strict=False):
            if request.script is None:
                continue
            if isinstance(reply, redis_errors.NoScriptError):
                self._until.clear()  # somebody may have removed them all
            elif not isinstance(reply, Exception):
                self._until[request.script.sha] = until


def scripts_of(requests: Sequence[Request[Any]]) -> set[Script]:
    """Returns the scripts that some requests run."""
    return {script for request in requests if (script := request.script) is not None}


def with_source(script: Script, packed: bytes) -> bytes:
    """Returns a packed request of EVALSHA with the source of its script (EVAL)."""
    count, rest = after_digest(packed)
    return b"*%d\r\n$4\r\nEVAL\r\n$%d\r\n%b%b" % (count, len(script.source), script.source, rest)
