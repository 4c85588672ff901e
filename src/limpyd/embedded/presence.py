"""The locks of a process in the folder of a server that it uses. The kernel frees them when the process ends."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Self

from limpyd.embedded.supervisor import (
    LIFELINE,
    POLL_SECONDS,
    SERVER_LOCK,
    USERS_LOCK,
    holder,
    is_at,
    open_lifeline,
    open_lock,
    try_lock,
)
from limpyd.exceptions import ServerUnreachable


class Presence:
    """The shared lock that shows that a server has users, and its lifeline."""

    def __init__(self, lock: int, lifeline: int | None) -> None:
        # File descriptors: as file objects they would complain when unclosed.
        self._files = [(file, _identity(file)) for file in (lock, lifeline) if file is not None]

    @classmethod
    def enter(cls, folder: Path, patience: float) -> Self | None:
        """Becomes a user of the server in a folder; None if the folder was removed meanwhile.

        Raises:
            OSError: the folder cannot be written to.
            ServerUnreachable: somebody has been stopping the server for too long.
        """
        path = folder / USERS_LOCK
        lock = open_lock(path)
        try:
            _wait_for(lock, folder, patience)
            if is_at(lock, path):
                return cls(lock, open_lifeline(folder / LIFELINE))
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)
        return None

    def held(self) -> bool:
        """Returns whether the files are still open: a program that becomes a daemon may have closed all."""
        return all(_identity(file) == identity for file, identity in self._files)

    def is_in(self, folder: Path) -> bool:
        """Returns whether the folder is still where it was, and the same."""
        return is_at(self._files[0][0], folder / USERS_LOCK)

    def leave(self) -> None:
        """Lets go of the server."""
        for file, identity in self._files:
            if _identity(file) == identity:  # a number may be that of another file by now
                os.close(file)


def _identity(file: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _wait_for(lock: int, folder: Path, patience: float) -> None:
    deadline = time.monotonic() + patience
    while not try_lock(lock, shared=True):
        if time.monotonic() > deadline:
            msg = (
                f"the embedded server in {folder} ({holder(folder / SERVER_LOCK)}) is being stopped, but still "
                f"runs after {patience:.0f} seconds; kill that process and its supervisor"
            )
            raise ServerUnreachable(msg)
        time.sleep(POLL_SECONDS)
