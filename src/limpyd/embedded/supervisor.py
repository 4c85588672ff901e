"""Runs the embedded server until nobody uses it. Started as a script; needs nothing of limpyd.

Arguments: the server's binary, its folder, `keep` or `discard` for the folder, and how many seconds to wait.
It ends with 0 once a server is ready in the folder, one that it started, and left a process behind to watch over,
or one that ran already. Else it ends with 1, and says why on stderr.

In the folder:

- `server.conf`: settings of the server, if it has some of its own.
- `users.lock`: each user holds it, shared. The watcher waits for it alone: then nobody is left, and it stops the
  server.
- `server.lock`: the watcher *and the server* hold it, so there is one server as long as either lives.
- `lifeline`: a FIFO which users and watcher hold open. A guard, in the server's process group, reads it to its end,
  which comes when all of them are gone, a killed watcher too; then it takes the watcher's place. The guard is a shell,
  so that it survives who kills all of Python.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

Server = subprocess.Popen[bytes]
USERS_LOCK, SERVER_LOCK, LIFELINE, SOCKET, LOG = "users.lock", "server.lock", "lifeline", "valkey.sock", "server.log"
CONFIG = "server.conf"

LONGEST_SOCKET_PATH = 100  # a Unix socket's name has room for 104 (macOS) or 108 (Linux) bytes
PRIVATE = 0o600
STOP_SECONDS = 60.0
REPLY_SECONDS = 5.0
POLL_SECONDS = 0.01
READY, LOADING, SILENT, ABSENT = "ready", "loading", "silent", "absent"

GUARD = """
while read -r _; do :; done
exec "$LIMPYD_PYTHON" -I "$LIMPYD_SUPERVISOR" take-over "$LIMPYD_FOLDER" "$LIMPYD_DISPOSAL" || kill -TERM 0
"""


def try_lock(file: int, *, shared: bool = False) -> bool:
    """Locks a file if that is possible now; the last process that has it open frees it by its end."""
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def open_lock(path: str | Path) -> int:
    """Opens a file to lock it; forked children have it open too, other programs that are started do not."""
    file = os.open(path, os.O_CREAT | os.O_RDWR, PRIVATE)
    if os.fstat(file).st_mode & PRIVATE != PRIVATE:  # a umask that takes rights from the owner
        os.fchmod(file, PRIVATE)
    return file


def open_lifeline(path: str | Path) -> int | None:
    """Opens the FIFO as one of those who hold it; None where the file system has none."""
    with suppress(OSError):
        with suppress(FileExistsError):
            os.mkfifo(path)
            Path(path).chmod(PRIVATE)
        file = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        if stat.S_ISFIFO(os.fstat(file).st_mode):
            return file
        os.close(file)
    return None


def is_at(file: int, path: str | Path) -> bool:
    """Returns whether an open file is still the one of a name."""
    try:
        return os.path.samestat(os.fstat(file), Path(path).stat())
    except OSError:
        return False


def state_of(socket_path: str, patience: float) -> str:
    """READY, LOADING its data, SILENT (somebody listens, but does not answer in time), or ABSENT."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(min(REPLY_SECONDS, patience))
        try:
            client.connect(socket_path)
        except (TimeoutError, BlockingIOError):  # who listens has no room for more
            return SILENT
        except OSError:
            return ABSENT
        try:
            client.sendall(b"PING\r\n")
            reply = client.recv(64)
        except TimeoutError:
            return SILENT
        except OSError:  # it ends just now
            return ABSENT
    if reply.startswith((b"+PONG", b"-NOAUTH")):
        return READY
    return LOADING if reply.startswith(b"-LOADING") else SILENT if reply else ABSENT


def claim(path: str | Path) -> int | None:
    """The lock of a folder's server, for its holder to write who that is; None if somebody has it.

    Raises:
        OSError: the folder cannot be written to, or its file system has no locks.
    """
    while True:
        file = open_lock(path)
        if not try_lock(file):
            os.close(file)
            return None
        if is_at(file, path):
            break
        os.close(file)  # it was removed meanwhile
    again = open_lock(path)
    if try_lock(again):
        raise OSError(errno.ENOLCK, "its file system does not support locks (flock)", str(path))
    os.close(again)
    os.ftruncate(file, 0)
    return file


def holder(path: str | Path) -> str:
    """Returns the holder of a lock, as far as its file says."""
    text = Path(path).read_text(errors="replace") if Path(path).exists() else ""
    return text or "process unknown"


def server_command(binary: str, folder: str, *, keep: bool) -> list[str]:
    """The command line of the server: no port but that of its own settings, its data in the current folder if kept."""
    # A server removes its socket when it ends: by a path from the root, that of another in a moved folder's place.
    command = [binary, *([CONFIG] if Path(CONFIG).exists() else ["--port", "0"])]
    command += ["--unixsocket", SOCKET, "--unixsocketperm", "700"]
    if folder.isprintable() and not set(folder) & set("{}\"'\\"):
        command += ["--proc-title-template", f"{{title}} {folder}/{SOCKET}"]  # what a list of processes shows
    return [*command, "--save", "", "--appendonly", "yes" if keep else "no"]


def start_guard(folder: str, disposal: str) -> subprocess.Popen[bytes] | None:
    """Starts what takes over when nobody holds the lifeline, as a process group; None where that cannot be."""
    with suppress(OSError):
        reader = os.open(f"{folder}/{LIFELINE}", os.O_RDONLY | os.O_NONBLOCK)
        try:
            if stat.S_ISFIFO(os.fstat(reader).st_mode):
                os.set_blocking(reader, True)
                settings = {"PYTHON": sys.executable, "SUPERVISOR": __file__, "FOLDER": folder, "DISPOSAL": disposal}
                environment = {**os.environ, **{f"LIMPYD_{name}": value for name, value in settings.items()}}
                command = ["/bin/sh", "-c", GUARD, "limpyd-guard"]
                return subprocess.Popen(command, cwd=folder, stdin=reader, env=environment, process_group=0)
        finally:
            os.close(reader)
    return None


@contextmanager
def started(command: list[str], folder: str, disposal: str, server_lock: int, log: int) -> Iterator[Server]:
    """Starts a server that holds its lock, and does not outlive this process and its users; ends it at the end."""
    lifeline = open_lifeline(f"{folder}/{LIFELINE}")
    guard = None if lifeline is None else start_guard(folder, disposal)
    server = None
    try:
        group = 0 if guard is None else guard.pid
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(server_lock,), process_group=group
        )
        yield server
    finally:
        if server is not None:
            server.terminate()
            server.wait()
        if guard is not None:
            guard.kill()
            guard.wait()
        if lifeline is not None:
            os.close(lifeline)


def hide_server() -> None:
    """Removes the socket of a server that is about to end, but answers until then.

    Should this process be killed now, who comes next waits for that end, and does not become a user before it.
    """
    with suppress(OSError):
        Path(SOCKET).unlink()


def watch_over(server: Server, users_lock: int) -> None:
    """Waits until nobody holds the lock of the server's users, and stops it; or until it ends by itself."""

    def stop_when_unused() -> None:
        # The lock is held until this process ends: whoever comes next must find no half-stopped server.
        fcntl.flock(users_lock, fcntl.LOCK_EX)
        server.terminate()
        hide_server()
        time.sleep(STOP_SECONDS)
        server.kill()

    threading.Thread(target=stop_when_unused, daemon=True).start()
    server.wait()


def take_over(folder: str, disposal: str) -> None:
    """Ends the server of this process group, in the current folder, once it has no users."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with suppress(OSError):  # the folder, which is the current one under any name, may be gone
        fcntl.flock(open_lock(USERS_LOCK), fcntl.LOCK_EX)  # until this process ends, as above
    server = holder(SERVER_LOCK)
    os.kill(0, signal.SIGTERM)
    with suppress(OSError):
        server_lock = open_lock(SERVER_LOCK)
        if locked_after(server_lock, server) and disposal == "discard":
            discard(folder, server_lock)
    os.kill(0, signal.SIGKILL)  # this process, too


def locked_after(server_lock: int, server: str) -> bool:
    """Waits for the end of a server of this process group; returns whether no other one has been started by then."""
    if is_of_another_group(server):
        return False
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and holder(SERVER_LOCK) == server:
        hide_server()
        if try_lock(server_lock):
            return True
        time.sleep(POLL_SECONDS)
    return False


def is_of_another_group(server: str) -> bool:
    """Returns whether the holder of a lock is a running process of another group."""
    number = server.rpartition(" ")[2]
    try:
        return number.isdigit() and os.getpgid(int(number)) != os.getpgrp()
    except ProcessLookupError:
        return False
    except PermissionError:
        return True


def discard(folder: str, server_lock: int) -> None:
    """Removes the folder of a server, unless another one has its name by now."""
    if is_at(server_lock, f"{folder}/{SERVER_LOCK}"):
        shutil.rmtree(folder, ignore_errors=True)


def wait_until_ready(watcher: int, patience: float) -> str | None:
    """Waits for the server; what stood against it, or None once it is ready. Loading its data may take any time."""
    deadline = time.monotonic() + patience
    while (state := state_of(SOCKET, patience)) != READY:
        if os.waitpid(watcher, os.WNOHANG)[0]:
            return "did not start"
        if state == LOADING:
            deadline = time.monotonic() + patience
        elif time.monotonic() > deadline:
            return f"was started, but does not answer for {patience:.0f} seconds"
        time.sleep(POLL_SECONDS)
    return None


def claim_or_find(patience: float) -> tuple[int | None, str | None]:
    """The lock of the server, if none runs; neither if one runs and is ready; or what is wrong."""
    deadline = time.monotonic() + patience
    while True:
        state = state_of(SOCKET, patience)
        if state == READY:
            return None, None
        # Whoever listens is a server, also if someone removed the file of its lock.
        lock = claim(SERVER_LOCK) if state == ABSENT else None
        if lock is not None:
            return lock, None
        who = holder(SERVER_LOCK)
        if state == LOADING:
            deadline = time.monotonic() + patience
        elif state == ABSENT and "limpyd serve" in who:
            return None, f"cannot start: {who} uses the folder; connect to that server, or stop it"
        elif time.monotonic() > deadline:
            cure = "try again when it is less busy, or kill that process"
            return None, f"runs ({who}), but does not answer for {patience:.0f} seconds; {cure}"
        time.sleep(POLL_SECONDS)


def last_lines(log: BinaryIO, start: int) -> str:
    """The last lines of a log, after a position. It is an open file, since its folder may have been discarded."""
    log.seek(start)
    lines = log.read().decode(errors="replace").splitlines()[-10:]
    free = shutil.disk_usage(log.fileno()).free
    return "\n".join(lines) or f"it printed nothing; {free:,} bytes are free on the disk"


def main(binary: str, folder: str, disposal: str, patience: str) -> int:
    """Starts the server and its watcher unless one runs, and waits until it is ready."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])  # the program that starts it may block or ignore some
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.umask(0o077)
    os.chdir(folder)
    users_lock = open_lock(USERS_LOCK)
    server_lock, trouble = claim_or_find(float(patience))
    if server_lock is not None:
        with Path(LOG).open("a+b") as log:
            start = log.tell()
            watcher = os.fork()
            if watcher == 0:
                os.dup2(log.fileno(), 2)
                command = server_command(binary, folder, keep=disposal == "keep")
                with started(command, folder, disposal, server_lock, log.fileno()) as server:
                    os.write(server_lock, f"process {server.pid}".encode())
                    watch_over(server, users_lock)
                if disposal == "discard":
                    discard(folder, server_lock)
                return 0
            trouble = wait_until_ready(watcher, float(patience))
            if trouble is not None:
                trouble = f"{trouble}:\n{last_lines(log, start)}"
    sys.stderr.write(trouble or "")
    return int(trouble is not None)


if __name__ == "__main__":
    if sys.argv[1] == "take-over":
        take_over(*sys.argv[2:])
    try:
        sys.exit(main(*sys.argv[1:]))
    except OSError as error:
        sys.stderr.write(f"cannot use its folder: {error}")
        sys.exit(1)
