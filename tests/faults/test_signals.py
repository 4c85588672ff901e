"""Signal handlers that raise, or use the database themselves; threads, forks and blocking commands on the sync face."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from contextlib import contextmanager

import pytest
import redis
import redis.asyncio
import redis.sentinel
from redis.cache import CacheConfig

from limpyd import ListField, RedisDatabase, RedisModel, StringField
from limpyd.asyncio import AsyncRedisDatabase
from limpyd.drivers import forks
from limpyd.drivers.connection_pool import SyncConnectionPool
from limpyd.exceptions import DeclarationError, OutcomeUnknown, ServerUnreachable
from tests.support.proxy import Proxy
from tests.support.servers import binaries, running


class SoftTimeLimit(Exception):
    """What task queues raise."""


@pytest.fixture
def proxy(one_server):
    proxy = Proxy(one_server.port)
    yield proxy
    proxy.let_through.set()
    proxy.close()


@pytest.fixture
def database(one_server):
    database = RedisDatabase(port=one_server.port)
    yield database
    database.close()


@contextmanager
def raising_in(path):
    """Raises where a function of some file is called, once, as a signal handler may."""

    def look(frame, event, _):
        if event == "call" and path in frame.f_code.co_filename:
            sys.setprofile(None)
            raise SoftTimeLimit

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)


def model(on):
    class Thing(RedisModel):
        database = on
        number = StringField(type=int)
        other = StringField()
        queue = ListField()

    return Thing


@contextmanager
def alarm(handler, seconds):
    """Has a signal come after some time."""
    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class TestHandlers:
    @pytest.mark.parametrize("error", [SoftTimeLimit, KeyboardInterrupt, TimeoutError, ConnectionResetError, OSError])
    @pytest.mark.parametrize("call", ["read", "write", "first use", "waits"])
    def test_what_a_handler_raises_comes_out(self, proxy, error, call):
        database = RedisDatabase(port=proxy.port)
        thing = model(database)(number=5, other="x")
        if call == "first use":
            database.close()

        def handler(*_):
            raise error

        proxy.let_through.clear()
        with pytest.raises(error) as caught, alarm(handler, 0.1):
            if call == "write":
                thing.number.set(6)
            elif call == "waits":
                thing.queue.blpop()
            else:
                thing.number.get()
        assert type(caught.value) is error, "not what it looks like"
        proxy.let_through.set()
        assert thing.other.get() == "x"
        assert thing.number.get() in {5, 6}
        database.close()

    def test_an_older_error_is_not_taken_for_the_handlers(self, proxy):
        database = RedisDatabase(port=proxy.port)
        thing = model(database)(number=5)

        def handler(*_):
            raise TimeoutError

        with alarm(handler, 60):
            try:
                handler()
            except TimeoutError:
                proxy.cut_replies = 1
                with pytest.raises(OutcomeUnknown):
                    thing.number.incr()
        database.close()

    def test_a_handler_may_use_a_database_that_waits_for_its_first_reply(self, proxy):
        thing = model(RedisDatabase(port=proxy.port, socket_timeout=5))(number=5)
        database = thing.database
        database.close()
        seen = []

        def handler(*_):
            proxy.let_through.set()
            seen.append(thing.number.get())

        proxy.let_through.clear()
        with alarm(handler, 0.2):
            assert thing.number.get() == 5
        assert seen == [5]
        database.close()

    def test_a_handler_may_not_make_an_object_that_is_being_made(self, proxy):
        kind = model(RedisDatabase(port=proxy.port, socket_timeout=5))
        kind.database.connect()
        thing = kind()
        seen = []

        def handler(*_):
            proxy.let_through.set()
            try:
                thing.other.set("x")
            except Exception as error:  # noqa: BLE001 - looked at below
                seen.append(error)

        proxy.let_through.clear()
        with alarm(handler, 0.2):
            thing.number.set(5)
        assert "being created" in str(seen)
        assert thing.number.get() == 5
        assert kind.collection().count() == 1
        kind.database.close()

    def test_a_connection_that_was_left_half_made(self, one_server, monkeypatch):
        for database in (
            RedisDatabase(port=one_server.port),
            RedisDatabase(client=redis.Redis(port=one_server.port, max_connections=1)),
        ):
            thing = model(database)(number=5)
            database.close()

            def interrupted(*_):
                monkeypatch.undo()
                raise SoftTimeLimit

            monkeypatch.setattr(redis.connection.DefaultParser, "on_connect", interrupted)
            with pytest.raises(SoftTimeLimit):
                thing.number.get()
            for _ in range(3):
                assert thing.number.get() == 5
            database.close()

    def test_a_connection_that_goes_is_no_longer_counted(self):
        """Whatever a handler raises meanwhile: there may be but one here, which nobody could use any more."""
        connections = SyncConnectionPool(redis.ConnectionPool(max_connections=1))
        lines = [connections.take()]
        with raising_in("drivers/connection_pool.py"):
            lines.clear()
        connections.take()

    def test_what_a_handler_raises_is_not_about_a_value(self, one_server):
        class Thing(RedisModel):
            database = RedisDatabase(port=one_server.port)
            number = StringField(type=int, indexable=True)

        with raising_in("indexes/normalizers.py"), pytest.raises(SoftTimeLimit):
            Thing(number=5)
        assert Thing.collection().count() == 0


class TestThreads:
    def test_threads_at_a_silent_server_wait_at_the_same_time(self, proxy):
        database = RedisDatabase(port=proxy.port, socket_timeout=0.5)
        proxy.let_through.clear()
        errors = []

        def work():
            try:
                database.connect()
            except ServerUnreachable as error:
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(10)]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(errors) == 10
        assert time.perf_counter() - begun < 3

    def test_closed_while_others_use_it(self, database, one_server):
        thing = model(database)(number=0)
        done = []

        def work():
            for _ in range(100):
                thing.number.incr()
                done.append(1)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            database.close()
            time.sleep(
                0.001
            )  # else the threads get the interpreter only once in 5 ms, for each step of connecting anew
        assert len(done) == 400
        assert thing.number.get() == 400

    def test_threads_that_end_leave_no_connections_behind(self, database, one_server):
        thing = model(database)(number=0)
        with one_server.client() as client:
            before = int(client.info("clients")["connected_clients"])
            for _ in range(100):
                thread = threading.Thread(target=thing.number.incr)
                thread.start()
                thread.join()
            assert int(client.info("clients")["connected_clients"]) <= before + 1

    def test_there_are_never_more_connections_than_allowed(self, one_server):
        pool = redis.BlockingConnectionPool(port=one_server.port, max_connections=2, timeout=20)
        database = RedisDatabase(client=pool)
        kind = model(database)
        thing = kind(number=0)
        threads = [threading.Thread(target=lambda: [thing.number.incr() for _ in range(50)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert thing.number.get() == 400
        assert len(database._access.driver.connections._connections) <= 2
        database.close()


class TestBlocking:
    def test_a_command_on_a_dead_connection_ends_after_its_timeout(self, proxy):
        database = RedisDatabase(port=proxy.port, socket_timeout=0.5)
        thing = model(database)(number=1)
        assert thing.queue.blpop(timeout=1) is None
        threading.Timer(0.2, proxy.let_through.clear).start()
        begun = time.perf_counter()
        with pytest.raises(OutcomeUnknown):
            thing.queue.blpop(timeout=1)
        assert 1 <= time.perf_counter() - begun < 5
        proxy.let_through.set()
        assert thing.number.get() == 1
        database.close()

    def test_the_timeout_of_a_connection_is_restored(self, proxy):
        database = RedisDatabase(port=proxy.port, socket_timeout=0.5)
        thing = model(database)(number=1)
        thing.queue.rpush("x")
        assert thing.queue.blpop(timeout=30) == "x"
        proxy.let_through.clear()
        begun = time.perf_counter()
        with pytest.raises(OutcomeUnknown):
            thing.number.incr()
        assert time.perf_counter() - begun < 5
        database.close()


def in_child(work):
    """How a child that does something ends; one that hangs is killed."""
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(10)
        try:
            work()
        except BaseException:  # noqa: BLE001 - the parent looks at the code
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


class TestForks:
    @pytest.mark.parametrize("whose", ["own", "client"])
    def test_another_thread_was_in_a_pool(self, one_server, whose):
        client = redis.Redis(port=one_server.port)
        database = RedisDatabase(port=one_server.port) if whose == "own" else RedisDatabase(client=client)
        thing = model(database)(number=5)
        pools = [database._access.driver.connections._pool, database.connection.connection_pool]
        database.connection.ping()
        inside, leave = threading.Event(), threading.Event()

        def hold():
            with pools[0]._lock, pools[0]._fork_lock, pools[1]._lock, pools[1]._fork_lock:
                inside.set()
                leave.wait()

        thread = threading.Thread(target=hold)
        thread.start()
        inside.wait()
        try:
            assert in_child(lambda: thing.number.get() == 5 or os._exit(2)) == 0
            assert in_child(database.connection.ping) == 0
            assert in_child(lambda: os._exit(in_child(lambda: thing.number.get() == 5 or os._exit(2)))) == 0
        finally:
            leave.set()
            thread.join()
        database.close()
        client.close()

    @pytest.mark.parametrize("how_long", [0.3, 60])
    def test_another_thread_looks_up_a_host(self, one_server, monkeypatch, how_long):
        """libc holds a lock meanwhile, which a child could never get."""
        monkeypatch.setattr(forks, "LONGEST", 10 if how_long < 1 else 0.1)
        inside, leave, ended = threading.Event(), threading.Event(), []
        look_up = socket._socket.getaddrinfo

        def slowly(*args):
            inside.set()
            leave.wait(how_long)
            ended.append(1)
            return look_up(*args)

        thread = threading.Thread(target=redis.Redis(port=one_server.port).ping)
        with monkeypatch.context() as patched:
            patched.setattr(socket._socket, "getaddrinfo", slowly)
            thread.start()
            inside.wait()
        try:
            had_ended = os.waitstatus_to_exitcode(in_child(lambda: os._exit(len(ended))))
            assert had_ended == (1 if how_long < 1 else 0)
        finally:
            leave.set()
            thread.join()

    def test_in_the_middle_of_a_call(self, database, proxy):
        thing = model(RedisDatabase(port=proxy.port, socket_timeout=5))(number=0, other="x")
        ended = []

        def handler(*_):
            pid = os.fork()
            if pid == 0:
                signal.alarm(10)
            else:
                ended.append(pid)
                proxy.let_through.set()

        parent = os.getpid()
        proxy.let_through.clear()
        try:
            with alarm(handler, 0.2):
                told = thing.number.incr()
        except OutcomeUnknown:
            if os.getpid() != parent:  # which has no right to the reply of its parent
                os._exit(0 if thing.other.get() == "x" else 3)
            raise
        if os.getpid() != parent:
            os._exit(4)
        assert told == 1
        assert os.waitpid(ended[0], 0)[1] == 0
        assert thing.number.get() == 1
        thing.database.close()

    def test_within_a_block(self, database):
        thing = model(database)(number=0)
        with database.pipeline():
            thing.number.incr()

            def child():
                with database.transaction():
                    thing.number.incr()
                if database._pipeline() is None:
                    os._exit(5)

            assert in_child(child) == 0
        assert thing.number.get() == 2

    def test_while_another_thread_makes_the_object(self, proxy):
        kind = model(RedisDatabase(port=proxy.port, socket_timeout=5))
        kind.database.connect()
        thing = kind()
        proxy.let_through.clear()
        thread = threading.Thread(target=lambda: thing.number.set(1))
        thread.start()
        time.sleep(0.2)

        def child():
            thing.other.set("x")

        pid = os.fork()
        if pid == 0:
            signal.alarm(10)
            child()
            os._exit(0)
        proxy.let_through.set()
        assert os.waitpid(pid, 0)[1] == 0
        thread.join()
        kind.database.close()


class TestClients:
    def test_with_a_cache(self):
        if "redis-8.2" not in binaries():
            pytest.skip("redis-py has caches for Redis alone")
        with running("redis-8.2") as server:
            client = redis.Redis(port=server.port, protocol=3, cache_config=CacheConfig())
            database = RedisDatabase(client=client)
            thing = model(database)(number=1)
            key = "{thing}:field:number:1"
            assert client.get(key) == b"1"
            thing.number.set(2)
            assert thing.number.get() == 2
            assert client.get(key) == b"2", "the cache was told of the change"
            database.close()
            client.close()

    @pytest.mark.parametrize(
        ("client", "cure"),
        [
            (lambda: "redis://:secret@localhost", "from_url"),
            (lambda: redis.Redis().pipeline(), "the client that created the pipeline"),
            (lambda: redis.Redis, "create an instance of it first"),
            (lambda: redis.sentinel.Sentinel([]), "service_name="),
            (lambda: redis.asyncio.Redis(), "pass it to AsyncRedisDatabase"),
            (lambda: redis.asyncio.ConnectionPool(), "pass it to AsyncRedisDatabase"),
            (lambda: redis.RedisCluster.__new__(redis.RedisCluster), r"pass nodes=\[\(host, port\), …\]"),
            (object, "pass its settings"),
            (lambda: 7, "pass its settings"),
        ],
    )
    def test_what_is_no_client(self, client, cure):
        with pytest.raises(DeclarationError, match=cure) as refused:
            RedisDatabase(client=client())
        assert "secret" not in str(refused.value)

    def test_a_client_of_valkey_py(self):
        valkey = pytest.importorskip("valkey")
        for kind, client in ((RedisDatabase, valkey.Valkey()), (AsyncRedisDatabase, valkey.asyncio.Valkey())):
            with pytest.raises(DeclarationError, match="connects to Valkey by redis-py; pass its settings"):
                kind(client=client)

    def test_a_sync_client_on_the_async_face(self):
        with pytest.raises(DeclarationError, match="other face; pass it to RedisDatabase"):
            AsyncRedisDatabase(client=redis.Redis())
        with pytest.raises(DeclarationError, match="the client that created the pipeline"):
            AsyncRedisDatabase(client=redis.asyncio.Redis().pipeline())


def test_the_end_of_a_process_is_quiet(one_server):
    program = """
import atexit, sys, threading, time
from limpyd import RedisDatabase, RedisModel, StringField
class Thing(RedisModel):
    database = RedisDatabase(port=int(sys.argv[1]))
    number = StringField(type=int)
thing = Thing(number=0)
atexit.register(lambda: print(thing.number.get() >= 0))
def work():
    while True:
        thing.number.incr()
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.3)
"""
    run = [sys.executable, "-W", "default::ResourceWarning", "-c", program, str(one_server.port)]
    done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("True\n", "", 0)
