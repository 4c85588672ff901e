"""A process group that ends with the process that asked for it, however that ends; tests start their servers in it."""

from __future__ import annotations

import atexit
import os
import subprocess

_GUARD = "while read -r _; do :; done; kill -KILL 0"
"""A shell reads a pipe to its end, which comes when nobody holds the other end, and kills its group, itself too."""
_groups: dict[int, int] = {}


def ends_with_us() -> int:
    """Returns the number of a process group that is killed when this process and its forked children have ended."""
    here = os.getpid()
    if here not in _groups:
        _groups[here] = _guarded()
    return _groups[here]


def _guarded() -> int:
    reader, writer = os.pipe()  # programs that are started do not inherit it
    guard = subprocess.Popen(["/bin/sh", "-c", _GUARD], stdin=reader, process_group=0)
    os.close(reader)

    def end() -> None:
        os.close(writer)
        guard.wait()

    atexit.register(end)
    return guard.pid
