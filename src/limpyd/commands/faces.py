"""The two faces of limpyd, as types: what a call gives back depends on who is asked."""

from __future__ import annotations

from typing import Generic, TypeVar


class Sync:
    """Calls return their result."""


class Async:
    """Calls return a coroutine of their result."""


Face = TypeVar("Face")


class Faced(Generic[Face]):
    """Something whose calls are answered as its face says."""

    __slots__ = ()
