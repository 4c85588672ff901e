"""Timeouts of sockets that the kernel keeps, and not Python.

Python keeps the timeout of a socket by polling before each `send` and each `recv`: two more system calls for each
request, of four. The kernel needs none (SO_RCVTIMEO and SO_SNDTIMEO, see socket(7)); what takes longer then raises
`BlockingIOError`. After a signal whose handler returns, the kernel counts anew.
"""

from __future__ import annotations

import math
import os
import socket
import struct
import sys
from typing import Any

TIMEVAL = struct.Struct("@ll")
"""The `struct timeval` of systems with 64 bits."""
CAN_KEEP = sys.platform in {"linux", "darwin"} and TIMEVAL.size == 16  # noqa: PLR2004 - as TIMEVAL says
"""True if the kernel of this system can keep timeouts."""


def leave_to_kernel(opened: Any) -> bool:
    """Has the kernel keep the timeout of a socket that has one; returns whether it does.

    It cannot for TLS, which reads more than once for a reply, nor for sockets that do not block, such as gevent's.
    """
    timeout = opened.gettimeout()
    if not timeout or not CAN_KEEP or type(opened) is not socket.socket:
        return False
    opened.settimeout(None)
    if not os.get_blocking(opened.fileno()):
        opened.settimeout(timeout)
        return False
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _packed(timeout))
    limit_receiving(opened, timeout)
    return True


def limit_receiving(opened: Any, timeout: float | None) -> None:
    """Sets for how many seconds the kernel waits for what is received; None for any time."""
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _packed(timeout or 0))


def _packed(seconds: float) -> bytes:
    microseconds = math.ceil(seconds * 1_000_000)  # 0 would be no limit
    return TIMEVAL.pack(*divmod(microseconds, 1_000_000))
