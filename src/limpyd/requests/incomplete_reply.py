"""Replies that lack something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class IncompleteReply(Exception):
    """Raised if a reply lacks something that its result, or its error, needs; another request can find it.

    Args:
        ask: returns that request, from the request that was replied to.
        otherwise: returns the result, or raises the error, where no other request can be sent.
    """

    def __init__(self, ask: Callable[[Any], Any], otherwise: Callable[[], Any]) -> None:
        super().__init__()
        self.ask = ask
        self.otherwise = otherwise

    def then(self, convert: Callable[[Any], Any]) -> IncompleteReply:
        """The same, with the result converted further."""
        return IncompleteReply(lambda request: self.ask(request).then(convert), lambda: convert(self.otherwise()))
