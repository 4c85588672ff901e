"""Distinguishes errors of a socket from those that a signal handler raised: many handlers raise TimeoutError."""

from __future__ import annotations

import signal
from types import CodeType
from typing import Any

import hiredis
import redis
from redis.exceptions import RedisError

INNER = ("limpyd.", "redis.")
"""The modules in which an error of a request itself is raised."""


def signal_handler_error(error: BaseException) -> OSError | None:
    """Returns the error of a signal handler that looks like one of the socket, also where redis-py wrapped it."""
    codes = {_code(signal.getsignal(number)) for number in signal.valid_signals()}
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and _passed(cause, codes):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def socket_loss(error: BaseException) -> RedisError | None:
    """Returns the error of redis-py for one of a socket; None for any other, and for what a signal handler raised."""
    if not isinstance(error, OSError | hiredis.HiredisError) or signal_handler_error(error) is not None:
        return None
    if isinstance(error, BlockingIOError):  # see drivers/socket_timeouts.py
        return redis.TimeoutError("timed out")
    return redis.TimeoutError(str(error)) if isinstance(error, TimeoutError) else redis.ConnectionError(str(error))


def _passed(error: BaseException, codes: set[CodeType | None]) -> bool:
    """Returns whether an error was raised in one of some functions, within a request."""
    frames = error.__traceback__
    if frames is None or not frames.tb_frame.f_globals.get("__name__", "").startswith(INNER):
        return False  # an older one, which is being handled around this request
    while frames is not None:
        if frames.tb_frame.f_code in codes:
            return True
        frames = frames.tb_next
    return False


def _code(handler: Any) -> CodeType | None:
    """The code of a handler: a function, a method, a partial, or an object that can be called."""
    while hasattr(handler, "func"):
        handler = handler.func
    function = handler if hasattr(handler, "__code__") or not callable(handler) else handler.__call__
    code: CodeType | None = getattr(function, "__code__", None)
    return code
