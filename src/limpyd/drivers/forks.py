"""A fork waits until no thread is looking up a host.

libc holds locks while it looks one up. A child that is forked just then has no thread that would let go of them, so its
own first look-up, and with it its first connection, would wait for ever.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from time import monotonic, sleep
from traceback import walk_stack

LONGEST = 1.0
"""Seconds that a fork waits at the most: a name server may be silent."""
SHORT_WHILE = 0.001
"""Seconds between two looks at what threads do."""


def _let_lookups_end() -> None:
    patience = monotonic() + LONGEST
    while _looked_up() and monotonic() < patience:
        sleep(SHORT_WHILE)


def _looked_up() -> bool:
    """Returns whether another thread looks up a host: redis-py and asyncio do it by `socket.getaddrinfo`."""
    lookup = getattr(socket.getaddrinfo, "__code__", None)
    own = threading.get_ident()
    others = [frame for thread, frame in sys._current_frames().items() if thread != own]
    return any(each.f_code is lookup for frame in others for each, _ in walk_stack(frame))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_let_lookups_end)
