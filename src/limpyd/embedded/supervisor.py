"""Runs the embedded server until nobody uses it. Started as a script; needs nothing of limpyd.

Arguments: the server's binary, its folder, its socket, and `keep` or `discard` for the folder.
It ends with 0 once the server is ready, leaving a process behind that watches over it, or with 1
if the server did not start.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 60.0


def lock(file: int, *, shared: bool = False) -> None:
    """Waits for a lock on a file; it is freed when the last process that has the file open ends."""
    fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)


def answers(socket_path: str) -> bool:
    """Whether a server is ready at the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        try:
            client.connect(socket_path)
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def server_command(binary: str, folder: str, socket_path: str, *, keep: bool) -> list[str]:
    """The command line of the server: no port, its data in the folder if it is to be kept."""
    command = [binary, "--port", "0", "--unixsocket", socket_path, "--unixsocketperm", "700"]
    command += ["--dir", folder, "--save", "", "--appendonly", "yes" if keep else "no"]
    return command


def watch_over(command: list[str], folder: str, *, keep: bool) -> None:
    """Runs the server until nobody holds the lock of its users, or until it ends by itself."""
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def stop_when_unused() -> None:
        # The lock is held until this process ends: whoever comes next must find no half-stopped server.
        with (Path(folder) / "users.lock").open("rb") as users:
            lock(users.fileno())
            server.terminate()
            time.sleep(STOP_SECONDS)
            server.kill()

    threading.Thread(target=stop_when_unused, daemon=True).start()
    server.wait()
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)


def became_ready(watcher: int, socket_path: str) -> bool:
    """Waits until the server answers; False if its watcher ended instead, or it takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while not answers(socket_path):
        ended, _ = os.waitpid(watcher, os.WNOHANG)
        if ended or time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def main(binary: str, folder: str, socket_path: str, disposal: str) -> int:
    """Starts the server and its watcher, and tells whether it is ready."""
    keep = disposal == "keep"
    watcher = os.fork()
    if watcher == 0:
        watch_over(server_command(binary, folder, socket_path, keep=keep), folder, keep=keep)
        return 0
    return 0 if became_ready(watcher, socket_path) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
