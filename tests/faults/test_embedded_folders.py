"""One folder, one server: under any name, whoever is killed, busy, moved or removed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import redis

import limpyd.embedded
from limpyd import RedisDatabase
from limpyd.embedded import supervisor
from limpyd.exceptions import DeclarationError, ServerUnreachable
from tests.faults.programs.killed_starts import processes, servers
from tests.support import forks
from tests.support.amounts import amount
from tests.support.processes import Program, alive, gone

ROOT = Path(__file__).parents[2]
ROUNDS = amount("LIMPYD_KILLS", 6) // 2
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def server_of(database):
    return database.connection.info("server")["process_id"]


def connected(path=None):
    database = RedisDatabase.embedded(path)
    database.connect()
    return database


def run(program, *args, **options):
    """Runs a program of Python in a process of its own."""
    return forks.run("-c", program, *args, **options)


def of_kind(kind, folder):
    return [pid for pid, _, each in processes(str(folder)) if each == kind]


def stopped(pid):
    """Stops a process, and sees to it that nothing of what ended before lets it continue."""
    for _ in range(10):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.02)


class TestOneServer:
    def test_a_busy_one_is_waited_for(self, tmp_path):
        database = connected(tmp_path)
        server = server_of(database)
        os.kill(server, signal.SIGSTOP)
        try:
            found = []
            other = threading.Thread(target=lambda: found.append(Program(tmp_path)))
            other.start()
            time.sleep(supervisor.REPLY_SECONDS + 2)
            assert servers(str(tmp_path)) == [server]
            assert not found
        finally:
            os.kill(server, signal.SIGCONT)
        other.join()
        assert found[0].server == server
        found[0].end()
        database.close()

    @pytest.mark.parametrize("named", [True, False])
    def test_its_own_process_does_not_take_a_busy_one_for_a_dead_one(self, named, tmp_path, monkeypatch):
        monkeypatch.setattr(supervisor, "REPLY_SECONDS", 0.2)
        database = connected(tmp_path if named else None)
        server, path = server_of(database), database._endpoint.embedded._socket_path()
        os.kill(server, signal.SIGSTOP)
        try:
            assert database._endpoint.embedded.start() == path
        finally:
            os.kill(server, signal.SIGCONT)
        assert server_of(database) == server
        database.close()

    def test_one_that_stays_silent(self, tmp_path, monkeypatch):
        database = connected(tmp_path)
        server = server_of(database)
        monkeypatch.setattr(limpyd.embedded.server, "PATIENCE", 0.5)
        os.kill(server, signal.SIGSTOP)
        try:
            with pytest.raises(ServerUnreachable, match=rf"process {server}\), but does not answer for"):
                RedisDatabase.embedded(tmp_path).connect()
            assert servers(str(tmp_path)) == [server]
        finally:
            os.kill(server, signal.SIGCONT)
        database.close()

    def test_one_whose_supervisors_and_locks_are_gone(self, tmp_path, monkeypatch):
        """Neither a removed lock alone nor a killed supervisor lets a second server start."""
        database = connected(tmp_path)
        server = server_of(database)
        others = of_kind("supervisor", tmp_path) + of_kind("guard", tmp_path)
        for pid in others:
            os.kill(pid, signal.SIGKILL)
        # The end of the last parent lets a stopped process group continue (POSIX: an orphaned one).
        assert gone(lambda: any(map(alive, others)))
        monkeypatch.setattr(limpyd.embedded.server, "PATIENCE", 0.5)
        try:
            for removed in ((), ("server.lock", "users.lock")):
                for name in removed:
                    (tmp_path / name).unlink()
                stopped(server)
                with pytest.raises(ServerUnreachable, match="does not answer"):
                    RedisDatabase.embedded(tmp_path).connect()
                assert servers(str(tmp_path)) == [server]
        finally:
            os.kill(server, signal.SIGCONT)
        assert server_of(RedisDatabase.embedded(tmp_path)) == server
        database.connection.shutdown(nosave=True)

    def test_under_several_names(self, tmp_path, monkeypatch):
        folder = tmp_path / "one" / ("long" * 30)
        folder.mkdir(parents=True)
        (tmp_path / "link").symlink_to(folder)
        monkeypatch.chdir(tmp_path)
        names = [folder, "link", "./link/", "one/../link", os.fsencode(folder), f"{folder}//"]
        databases = [connected(name) for name in names]
        assert len({server_of(each) for each in databases}) == 1
        for each in databases:
            each.close()

    @pytest.mark.parametrize("name", ["a b", "é\n\t", "'q\"\\", "%s{}*?", "--dir", "b\udcff", "~"])
    def test_odd_names(self, name, tmp_path):
        path = tmp_path / name
        for count in (1, 2):
            database = connected(path)
            assert database.connection.incr("runs") == count
            assert (path / "appendonlydir").is_dir()
            server = server_of(database)
            database.close()
            assert gone(lambda server=server: alive(server))

    def test_serve_and_embedded_refuse_each_other(self, tmp_path):
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        serve = [sys.executable, "-m", "limpyd", "serve", "--port", "6391", "--dir", str(tmp_path), "--persist"]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=environment) as server:
            assert server.stdout.readline()
            with pytest.raises(ServerUnreachable, match=r"limpyd serve --port 6391.* uses the folder"):
                RedisDatabase.embedded(tmp_path).connect()
            server.terminate()
            assert server.wait(30) == 0
        database = connected(tmp_path)
        done = subprocess.run(serve, capture_output=True, text=True, env=environment, timeout=60, check=False)
        assert done.returncode == 4
        assert f"process {server_of(database)}" in done.stderr
        database.close()

    def test_one_that_ends_although_its_supervisor_was_killed(self, tmp_path):
        """Between the signal that ends it and its end, it answers still."""
        program = Program(tmp_path)
        (watcher,) = of_kind("supervisor", tmp_path)
        with redis.Redis(unix_socket_path=str(tmp_path / "valkey.sock")) as client:
            client.config_set("hz", 1)  # how often in a second it looks whether it was told to end
        program.end()
        time.sleep(0.05)
        os.kill(watcher, signal.SIGKILL)
        successor = connected(tmp_path)
        assert server_of(successor) != program.server
        successor.close()

    def test_who_takes_over_does_not_wait_for_the_next_server(self, tmp_path):
        """Another process starts one as soon as the old one has ended; its users are let in."""
        (tmp_path / supervisor.LIFELINE).touch()
        users = supervisor.open_lock(tmp_path / supervisor.USERS_LOCK)
        supervisor.try_lock(users, shared=True)
        lock = supervisor.claim(tmp_path / supervisor.SERVER_LOCK)
        os.write(lock, b"process unknown")
        command = [sys.executable, "-I", supervisor.__file__, "take-over", str(tmp_path), "discard"]
        with subprocess.Popen(command, cwd=tmp_path, process_group=0) as taking_over:
            os.close(users)
            waiting = supervisor.open_lock(tmp_path / supervisor.USERS_LOCK)
            while supervisor.try_lock(waiting, shared=True):
                os.close(waiting)
                waiting = supervisor.open_lock(tmp_path / supervisor.USERS_LOCK)
            time.sleep(0.2)
            os.ftruncate(lock, 0)
            os.pwrite(lock, b"process 2", 0)
            assert taking_over.wait(timeout=10) == -signal.SIGKILL
        assert supervisor.try_lock(waiting, shared=True)
        os.close(waiting)
        os.close(lock)

    def test_who_takes_over_late_leaves_the_next_server_alone(self, tmp_path):
        """Its own server was killed, and another process has started one, whose users are gone by now."""
        lock = supervisor.claim(tmp_path / supervisor.SERVER_LOCK)
        os.write(lock, f"process {os.getpid()}".encode())
        (tmp_path / supervisor.SOCKET).touch()
        command = [sys.executable, "-I", supervisor.__file__, "take-over", str(tmp_path), "discard"]
        with subprocess.Popen(command, cwd=tmp_path, process_group=0) as taking_over:
            assert taking_over.wait(timeout=10) == -signal.SIGKILL
        assert (tmp_path / supervisor.SOCKET).exists()
        os.close(lock)

    def test_killed_at_any_time(self, tmp_path):
        done = forks.run("-m", "tests.faults.programs.killed_starts", tmp_path, ROUNDS)
        assert done.returncode == 0, done.stderr
        killed, _writes, _longest, lost = map(float, done.stdout.split())
        assert killed >= ROUNDS
        assert lost == 0


class TestNothingIsLeft:
    @pytest.mark.parametrize(("how", "named"), [(signal.SIGKILL, True), (signal.SIGTERM, False), (None, True)])
    def test_of_a_killed_supervisor(self, how, named, tmp_path):
        """The server serves its users on, and ends with them: also when all of Python is killed."""
        program = Program(tmp_path if named else "")
        (watcher,) = of_kind("supervisor", program.folder)
        os.kill(watcher, signal.SIGKILL)
        time.sleep(0.2)
        other = Program(tmp_path) if named else None
        assert alive(program.server)
        if other is not None:
            assert other.server == program.server
            other.end()
        if how is None:
            program.end()
        else:
            program.process.send_signal(how)
            program.process.communicate()
        assert gone(lambda: alive(program.server))
        assert gone(lambda: processes(str(program.folder)))
        assert named or gone(program.folder.exists)

    def test_of_serve(self, tmp_path):
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(tmp_path)}
        serve = [sys.executable, "-m", "limpyd", "serve", "--port", "6392"]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, env=environment) as server:
            assert server.stdout.readline()
            assert list(tmp_path.iterdir())
            server.kill()
        assert gone(lambda: list(tmp_path.iterdir()))
        assert gone(lambda: processes(str(tmp_path)))

    def test_of_a_program_that_blocks_signals(self, tmp_path):
        program = (
            "import signal, sys; from limpyd import RedisDatabase\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT, signal.SIGCHLD])\n"
            "signal.signal(signal.SIGCHLD, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
            "print(RedisDatabase.embedded(sys.argv[1]).connect().incr('x'))"
        )
        for count in (1, 2):
            done = run(program, tmp_path)
            assert done.stdout == f"{count}\n", done.stderr
            assert gone(lambda: processes(str(tmp_path)), 10)


class TestFolders:
    def test_the_home_directory(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        database = connected("~/data")
        assert (tmp_path / "data").is_dir()
        database.close()
        assert not (tmp_path / "~").exists()

    @pytest.mark.parametrize(
        ("path", "told"),
        [("~nobody-of-that-name/x", "no home"), ("a\0b", "NUL"), (5, "takes the path"), (b"", "empty")],
    )
    def test_no_paths(self, path, told):
        with pytest.raises(DeclarationError, match=told):
            RedisDatabase.embedded(path)

    @pytest.mark.parametrize("how", ["moved", "removed", "replaced"])
    def test_moved_or_removed_while_it_runs(self, how, tmp_path):
        folder = tmp_path / "data"
        database = connected(folder)
        database.connection.set("k", "v")
        folder.rename(tmp_path / "elsewhere")
        if how == "replaced":
            connected(folder).close()
        with pytest.raises(ServerUnreachable, match="was removed, moved or replaced"):
            database._endpoint.embedded.start()
        if how == "moved":
            (tmp_path / "elsewhere").rename(folder)
            database._endpoint.embedded.start()
            assert database.connection.get("k") == "v"
            database.close()
        else:
            database.close()
            assert database.connection.get("k") is None  # a new folder
            database.close()

    @pytest.mark.parametrize("watched", [True, False])
    def test_the_end_of_a_moved_one_leaves_its_successor_alone(self, watched, tmp_path):
        folder = tmp_path / "data"
        database = connected(folder)
        server = server_of(database)
        if not watched:
            (watcher,) = of_kind("supervisor", folder)
            os.kill(watcher, signal.SIGKILL)
        folder.rename(tmp_path / "elsewhere")
        successor = connected(folder)
        database.close()
        assert gone(lambda: alive(server))
        successor.connection.connection_pool.disconnect()
        successor.connection.set("k", "v")
        assert connected(folder).connection.get("k") == "v"

    def test_a_link_to_nothing(self, tmp_path):
        (tmp_path / "link").symlink_to(tmp_path / "nothing")
        with pytest.raises(ServerUnreachable, match="link to a folder that does not exist"):
            RedisDatabase.embedded(tmp_path / "link").connect()

    @pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")
    @pytest.mark.parametrize("mode", [0o555, 0o700])
    def test_one_that_may_not_be_written_to(self, mode, tmp_path):
        """Read-only, or of another user."""
        child = os.fork()
        if child == 0:
            folder = Path(f"/tmp/limpyd-test-{os.getpid()}")
            folder.mkdir()
            folder.chmod(mode)
            os.setuid(65534)
            try:
                RedisDatabase.embedded(folder).connect()
            except ServerUnreachable as error:
                os._exit(0 if "Permission denied" in str(error) and "can create files" in str(error) else 1)
            os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
        Path(f"/tmp/limpyd-test-{child}").rmdir()

    @pytest.mark.parametrize("umask", [0, 0o777])
    def test_umask(self, umask, tmp_path):
        before = os.umask(umask)
        try:
            database = connected(tmp_path / "data")
            database.connection.set("k", "v")
            connected(tmp_path / "data").close()
        finally:
            os.umask(before)
        found = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
        assert not [path for path in found if path.stat().st_mode & 0o077]
        assert all(path.stat().st_mode & 0o600 == 0o600 for path in found)
        database.close()

    def test_no_locks(self, tmp_path):
        """A file system on which every lock is granted."""
        script = supervisor.__file__
        program = (
            f"import fcntl, sys, runpy; fcntl.flock = lambda *_: None\nrunpy.run_path({script!r}, run_name='__main__')"
        )
        done = run(program, limpyd.embedded.server_binary(), tmp_path, "keep", "5")
        assert done.returncode == 1
        assert "does not support locks" in done.stderr
        assert not servers(str(tmp_path))


class TestProcesses:
    def test_a_daemon_that_closes_all_files(self, tmp_path):
        program = (
            "import os, sys; from limpyd import RedisDatabase\n"
            "database = RedisDatabase.embedded(sys.argv[1]); database.connect().set('k', 'v')\n"
            "os.closerange(3, 100); files = [os.open('/dev/null', os.O_RDONLY) for _ in range(20)]\n"
            "fresh = RedisDatabase.embedded(sys.argv[1]); fresh._endpoint = database._endpoint\n"
            "print(fresh.connect().get('k')); fresh.close(); [os.fstat(file) for file in files]"
        )
        done = run(program, tmp_path)
        assert done.stdout == "v\n", done.stderr

    @pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
    def test_children_of_multiprocessing_get_no_server_of_their_own(self, method, tmp_path):
        (tmp_path / "program.py").write_text(
            "import multiprocessing, sys\n"
            "from limpyd import PKField, RedisDatabase, RedisModel\n"
            "class Thing(RedisModel):\n"
            "    database = RedisDatabase.embedded(*sys.argv[2:])\n"
            "    key = PKField()\n"
            "def work(_): return Thing.exists('x')\n"
            "if __name__ == '__main__':\n"
            "    Thing(key='x')\n"
            "    with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool: print(pool.map(work, [1]))\n"
        )
        for paths in ([], [str(tmp_path / "data")]):
            done = forks.run(tmp_path / "program.py", method, *paths)
            shared = bool(paths) or method == "fork"
            assert ("DeclarationError: embedded() without a path was called in a child" in done.stderr) == (not shared)
            assert done.stdout == ("[True]\n" if shared else ""), done.stderr
