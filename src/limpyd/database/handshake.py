"""The questions that a database asks its server before anything else is sent, and what it learns by them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from redis import exceptions as redis_errors

from limpyd.drivers.addresses import CLUSTER_SLOTS
from limpyd.exceptions import DeclarationError
from limpyd.keys import ModelKeys
from limpyd.server import Server, checked, from_info, is_clustered

INFO_SERVER = ("INFO", "server")
SORT_BY_PATTERN = ("SORT_RO", "{limpyd}", "BY", "nosort", "GET", "{limpyd}:*")
"""A command that shows whether SORT reads keys by a pattern. Nodes of a cluster before version 8 refuse it, and
accounts that may not read every key get an error too."""
QUESTIONS = (INFO_SERVER, SORT_BY_PATTERN)
"""Those to every server."""
QUESTIONS_TO_CLUSTER = (CLUSTER_SLOTS,)
"""Those to a node of a cluster, after the others."""


class Capabilities(NamedTuple):
    """The facts of a server that requests depend on.

    Attributes:
        server: its name and version; None before it was asked, or if it may not be asked.
        sorts_by_pattern: SORT reads keys by a pattern.
        joins_keys: a command may take keys of different models.
        is_clustered: the server is a node of a cluster.
        slots: the reply of a node of a cluster to CLUSTER SLOTS; None if it was not asked, or may not be.
    """

    server: Server | None = None
    sorts_by_pattern: bool = False
    joins_keys: bool = False
    is_clustered: bool = False
    slots: Any = None

    def learned(self, info: Any, sorted_by_pattern: Any, *, address: str, layout: str) -> Capabilities:
        """Returns them after the replies to `QUESTIONS`, each an answer or the error of a refusal.

        Raises:
            ServerTooOld: it is too old for limpyd.
            DeclarationError: the layout of the keys is one that a cluster cannot have.
        """
        learned = self
        if not isinstance(info, Exception):  # it may not be asked, which its administrator will have a reason for
            clustered = is_clustered(info)
            learned = Capabilities(checked(from_info(info), address), joins_keys=not clustered, is_clustered=clustered)
            if layout != ModelKeys.layout and clustered:
                msg = f"the server at {address} is part of a cluster, which does not support the layout {layout!r}"
                raise DeclarationError(msg)
        return learned._replace(sorts_by_pattern=not isinstance(sorted_by_pattern, Exception))

    def learned_of_cluster(self, slots: Any) -> Capabilities:
        """Returns them after the reply to `QUESTIONS_TO_CLUSTER`, an answer or the error of a refusal."""
        if isinstance(slots, Exception):
            return self
        # Where a slot is being moved, SORT gives nothing for the keys that have moved.
        return self._replace(sorts_by_pattern=False, joins_keys=False, is_clustered=True, slots=slots)


async def ask(connection: Any, commands: Sequence[Sequence[str]]) -> list[Any]:
    """Sends commands on a connection of redis.asyncio, and returns their replies or the errors of refusals."""
    for command in commands:
        await connection.send_command(*command)
    replies: list[Any] = []
    for _ in commands:
        try:
            replies.append(await connection.read_response(disable_decoding=True))
        except redis_errors.ResponseError as refusal:
            replies.append(refusal)
    return replies
