"""Processes that work until they are killed: after so many steps of their work, not after so much time.

On a busy machine a process does little in a time, and would be killed before it has begun.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from mmap import mmap

COUNT = 8
"""The bytes of the number of steps."""
LOOK = 0.0005
"""The seconds between two looks at it; so the moment of the kill is any within a step."""
LONGEST = 60.0


class Worker:
    """A fork of this process.

    Args:
        work: its work; it does not return, and calls what it is given after each step.

    Attributes:
        pid: the number of the process.
    """

    def __init__(self, work: Callable[[Callable[[], None]], object]) -> None:
        self._steps = mmap(-1, COUNT)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                work(self._note)
            finally:
                os._exit(2)

    def kill(self, after: int = 0) -> None:
        """Kills it after so many more steps.

        Raises:
            RuntimeError: it has ended by itself, or does nothing any more.
        """
        wanted = self.work_on(after)
        status = self.end()
        if self._done < wanted or not os.WIFSIGNALED(status):
            msg = f"a process was to be killed after {wanted} steps; it did {self._done}, and ended with {status}"
            raise RuntimeError(msg)
        self._steps.close()

    def work_on(self, steps: int) -> int:
        """Waits until it has done so many more steps, or has ended; returns how many it should have done by now."""
        wanted, until = self._done + steps, time.monotonic() + LONGEST
        while self._done < wanted and time.monotonic() < until:
            time.sleep(LOOK)
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                break
        return wanted

    def end(self) -> int:
        """Ends it, if it has not ended by itself; returns the status with which it ended (waitpid)."""
        os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        return status

    @property
    def _done(self) -> int:
        return int.from_bytes(self._steps[:])

    def _note(self) -> None:
        self._steps[:] = (self._done + 1).to_bytes(COUNT)
