"""Parts of programs that kill processes which move objects, while threads write to them."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any


class Stoppable(threading.Thread):
    """A thread that repeats something until it is stopped.

    Attributes:
        failure: what went wrong.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stopped = threading.Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        try:
            while not self.stopped.is_set():
                self.once()
                time.sleep(0.0005)
        except Exception as failure:  # noqa: BLE001 - it ends the program
            self.failure = failure

    def once(self) -> None:
        """What is repeated."""
        raise NotImplementedError


def run_for(seconds: float, threads: Iterable[Stoppable]) -> None:
    """Starts threads, and stops them after a time."""
    threads = list(threads)
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    stop(threads)


def stop(threads: Iterable[Stoppable]) -> None:
    """Stops threads, and raises what went wrong in one."""
    threads = list(threads)
    for thread in threads:
        thread.stopped.set()
    for thread in threads:
        thread.join()
        if thread.failure is not None:
            raise thread.failure


def in_a_process(act: Callable[..., Any], databases: Callable[[], list[Any]], *, steps: int, codes: Any) -> int:
    """Starts a process, and returns its pid.

    Args:
        act: called with the databases.
        databases: makes them.
        steps: the number of requests before which the process is killed; 0 if it is not.
        codes: exit codes by the errors that `act` may raise.
    """
    child = os.fork()
    if child == 0:
        here, left = databases(), itertools.count(steps - 1, -1)
        for database in here:
            database._send_step = partial(_before_a_step, left, database._send_step)
        try:
            act(*here)
        except tuple(codes) as error:
            os._exit(next(code for kind, code in codes.items() if isinstance(error, kind)))
        os._exit(0)
    return child


def _before_a_step(left: Iterator[int], send: Any, step: Any) -> Any:
    if next(left) == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return send(step)


def ended(child: int) -> int | None:
    """Returns the exit code of a process; None if it was killed."""
    status = os.waitpid(child, 0)[1]
    return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def in_the_background(act: Callable[[], str]) -> tuple[int, Callable[[], str]]:
    """Begins something in another process; returns its pid, and the function that reads its result.

    It is forked while there are no other threads: one of those may hold a lock that it needs.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, act().encode())
        except BaseException:  # noqa: BLE001 - the exit code tells it
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child, lambda: os.read(reading, 999).decode()
