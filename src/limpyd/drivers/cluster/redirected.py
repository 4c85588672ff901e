"""A transaction that watches met another node than it should have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.drivers.cluster.attempts import is_redirection
from limpyd.drivers.cluster.topology import NodeAddress


class Redirected(Exception):
    """Raised if a transaction on a connection of its own has to begin again, elsewhere or later; nothing was executed.

    Attributes:
        error: the redirection.
        node: the node that was asked.
    """

    def __init__(self, error: Exception, node: NodeAddress) -> None:
        super().__init__(str(error))
        self.error = error
        self.node = node


def redirection_in(replies: Sequence[Any]) -> Any:
    """Returns the first reply that says that a request may be served elsewhere, or later; None if there is none."""
    return next((reply for reply in replies if is_redirection(reply)), None)
