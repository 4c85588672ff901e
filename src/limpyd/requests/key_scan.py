"""Steps of a walk of the keys of a database."""

from __future__ import annotations

import re
from typing import TypeVar

from limpyd.keys.slots import slot_of
from limpyd.requests.request import Request

R_co = TypeVar("R_co", covariant=True)

LITERAL_TAG = rb"(?s)\{(?:[^\\*?\[}]|\\[^}])+\}"
"""The hash tag at the beginning of a glob pattern that only keys with this tag match."""


class KeyScan(Request[R_co]):
    """A step of a walk of the keys of a database: SCAN, a cursor, and options, first MATCH if there is a pattern.

    It names no key, whatever its pattern looks like. On a cluster it goes to one node after the other.
    """

    __slots__ = ()

    def ready(self) -> bytes | None:
        return None

    @property
    def key(self) -> bytes | None:
        return None

    @property
    def only_slot(self) -> int | None:
        """The slot of all keys that its pattern matches; None if they may be of several."""
        args = self.args
        tag = re.match(LITERAL_TAG, bytes(args[3])) if args[2:3] == (b"MATCH",) else None  # type: ignore[arg-type]
        return None if tag is None else slot_of(re.sub(rb"(?s)\\(.)", rb"\1", tag[0]))
