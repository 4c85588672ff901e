"""Decoders of replies: from what the server sends to the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

R = TypeVar("R")


def returned(reply: R) -> R:
    """Decode: the reply is the result."""
    return reply


to_bool: Callable[[Any], bool] = bool
"""Decode: 1 or OK is True; 0 or nil is False."""
