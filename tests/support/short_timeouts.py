"""Calls on databases whose timeouts are so short that a busy machine may not answer in time."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from limpyd.exceptions import OutcomeUnknown, ServerTimeout, ServerUnreachable

TRIES = 50


async def answered(call: Callable[[], Any]) -> Any:
    """The result of a call on either face, once it comes in time; for what a test begins with.

    Raises:
        ServerUnreachable, ServerTimeout, OutcomeUnknown: it does not come in any of many tries.
    """
    for _ in range(TRIES):
        with suppress(ServerUnreachable, ServerTimeout, OutcomeUnknown):
            return await done(call)
    return await done(call)


async def done(call: Callable[[], Any]) -> Any:
    """The result of a call on either face."""
    result = call()
    return await result if inspect.isawaitable(result) else result
