"""Lost connections, silent servers, forks and pools: what is retried, what is not, and what errors say."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import socket
import threading
import time
import warnings

import pytest
import redis
import redis.asyncio

import limpyd
from limpyd import InstanceHashField, ListField, RedisDatabase, RedisModel, SetField, StringField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.drivers import sync_connection
from limpyd.drivers.awaited_replies import ConnectionLost
from limpyd.drivers.socket_timeouts import CAN_KEEP, TIMEVAL
from limpyd.drivers.sync_connection import SyncConnection
from limpyd.exceptions import (
    DeclarationError,
    LimpydError,
    OutcomeUnknown,
    ServerTimeout,
    ServerTooOld,
    ServerUnreachable,
)
from limpyd.lua import script
from limpyd.lua.script import Script
from limpyd.requests.request import Request
from tests.support.expected_indexes import state
from tests.support.face import Face, Sent
from tests.support.proxy import Proxy
from tests.support.servers import Server, binaries, free_port
from tests.support.short_timeouts import answered

pytestmark = pytest.mark.each_face


@pytest.fixture
def proxy(one_server):
    proxy = Proxy(one_server.port)
    yield proxy
    proxy.close()


@pytest.fixture(params=["sync", "async"])
async def cut_face(request, one_server, proxy):
    """A face whose database is behind the proxy."""
    face = Face(request.param, one_server)
    face.database = face.Database(port=proxy.port)
    yield face
    await face.do(face.database.close())
    face.client.close()


@pytest.fixture
async def counter(cut_face):
    class Counter(cut_face.Model):
        database = cut_face.database
        count = StringField(type=int)

    return await cut_face.do(Counter.create(count=0))


def received_at_most(connection):
    """The seconds that the kernel waits for what is received; 0 for any time."""
    option = connection._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, TIMEVAL.size)
    return TIMEVAL.unpack(option)[0]


class TestLostConnection:
    async def test_a_read_is_sent_again_once(self, cut_face, counter, proxy):
        for part in ("cut_replies", "cut_requests"):
            setattr(proxy, part, 1)
            assert await cut_face.do(counter.count.get()) == 0
        proxy.cut_requests = 1000
        await cut_face.refused(ServerUnreachable, counter.count.get)
        assert proxy.cut_requests >= 1000 - 4  # the read twice, and the handshake of the second connection
        proxy.cut_requests = 0
        assert await cut_face.do(counter.count.get()) == 0

    async def test_a_write_is_not_sent_twice(self, cut_face, counter, proxy):
        assert await cut_face.do(counter.count.incr()) == 1
        proxy.cut_replies = 1
        error = await cut_face.refused(OutcomeUnknown, counter.count.incr, match="may or may not have been executed")
        assert str(proxy.port) in str(error)
        assert await cut_face.do(counter.count.get()) == 2  # it was executed, and only once
        proxy.cut_requests = 1
        await cut_face.refused(OutcomeUnknown, counter.count.incr)
        assert await cut_face.do(counter.count.get()) == 2  # it was not
        assert await cut_face.do(counter.count.incr()) == 3

    async def test_an_idle_connection_that_was_closed_is_noticed(self, cut_face, counter, proxy):
        proxy.cut_all()
        await asyncio.sleep(0.1)
        assert await cut_face.do(counter.count.incr()) == 1

    async def test_a_restarted_server(self, cut_face, counter, one_server):
        cut_face.client.client_kill_filter(_type="normal", skipme=True)
        await asyncio.sleep(0.1)
        assert await cut_face.do(counter.count.incr()) == 1

    async def test_scripts_that_the_server_forgot(self, cut_face, counter):
        assert await cut_face.do(counter.count.incr()) == 1
        cut_face.client.script_flush()
        assert await cut_face.do(counter.count.incr()) == 2
        with Sent(cut_face.server) as sent:
            cut_face.client.script_flush()
            assert await cut_face.do(counter.count.incr()) == 3
            assert await cut_face.do(counter.count.incr()) == 4
        assert sent.names == ["SCRIPT", "EVALSHA", "EVAL", "EVALSHA"]

    async def test_a_script_that_fails_after_it_was_loaded(self, cut_face, counter):
        cut_face.client.set("{counter}:field:count:1", "x")
        cut_face.client.script_flush()
        await cut_face.refused(LimpydError, counter.count.incr, match="not an integer")


class TestSilentServer:
    @pytest.fixture
    async def slow(self, cut_face, proxy):
        cut_face.database = cut_face.Database(port=proxy.port, socket_timeout=0.2)

        class Slow(cut_face.Model):
            database = cut_face.database
            count = StringField(type=int)

        return await answered(lambda: Slow.create(count=0))

    async def test_read_and_write(self, cut_face, slow, proxy):
        proxy.let_through.clear()
        await cut_face.refused(ServerTimeout, slow.count.get, match="in time")
        await cut_face.refused(LimpydError, slow.count.incr)
        proxy.let_through.set()
        assert await cut_face.do(slow.count.get()) in {0, 1}
        proxy.let_through.clear()
        await cut_face.refused(OutcomeUnknown, slow.count.incr)
        proxy.let_through.set()

    async def test_a_slow_server_is_waited_for(self, cut_face, slow, proxy):
        proxy.let_through.clear()
        threading.Timer(0.1, proxy.let_through.set).start()
        assert await cut_face.do(slow.count.incr()) == 1


class TestUnreachable:
    @pytest.mark.parametrize("name", ["sync", "async"])
    async def test_host_and_port_are_named(self, one_server, name):
        face = Face(name, one_server)
        port = free_port()
        database = face.Database(host="127.0.0.1", port=port)
        start = time.perf_counter()
        for call in (lambda: database.connect(), lambda: face.all(database.scan_keys())):
            error = await face.refused(ServerUnreachable, call)
            assert f"127.0.0.1:{port}" in str(error)
            assert isinstance(error, redis.exceptions.ConnectionError)
        assert time.perf_counter() - start < 1  # told at once, not after retries
        face.client.close()

    @pytest.mark.parametrize("name", ["sync", "async"])
    async def test_unix_sockets_are_named(self, one_server, name):
        face = Face(name, one_server)
        database = face.Database(unix_socket_path="/nowhere/redis.sock")
        await face.refused(ServerUnreachable, database.connect, match="/nowhere/redis.sock")
        face.client.close()

    @pytest.mark.parametrize("name", ["sync", "async"])
    async def test_a_wrong_password(self, name):
        server = Server(binaries()["valkey-9.1"], "--requirepass", "secret")
        try:
            face = Face(name, server)
            await face.refused(ServerUnreachable, face.database.connect, match="[Aa]uthentication|NOAUTH")
            wrong = face.Database(port=server.port, password="wrong")
            await face.refused(ServerUnreachable, wrong.connect)
            right = face.Database(port=server.port, password="secret")
            await face.do(right.connect())
            for database in (face.database, wrong, right):
                await face.do(database.close())
            face.client.close()
        finally:
            server.process.kill()
            server.process.wait()

    @pytest.mark.parametrize("name", ["sync", "async"])
    @pytest.mark.parametrize(
        ("info", "said"),
        [
            ("redis_version:6.2.14", "Redis 6.2.14"),
            ("redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:7.1.0", "Valkey 7.1.0"),
        ],
    )
    async def test_an_old_server(self, one_server, name, info, said):
        with pretending(info) as port:
            face = Face(name, one_server)
            database = face.Database(host="127.0.0.1", port=port)
            error = await face.refused(ServerTooOld, database.connect)
            for part in (said, "Redis 7.0", "Valkey 7.2", str(port)):
                assert part in str(error)
            await face.do(database.close())
            face.client.close()

    @pytest.mark.parametrize("name", ["sync", "async"])
    async def test_versions(self, server, name):
        face = Face(name, server)
        assert face.database.server is None
        await face.do(face.database.connect())
        assert face.database.server.name in {"redis", "valkey"}
        assert face.database.server.version >= (7, 0)
        await face.do(face.database.close())
        face.client.close()

    @pytest.mark.parametrize("name", ["sync", "async"])
    async def test_an_account_that_may_not_ask_for_the_version(self, one_server, name):
        face = Face(name, one_server)
        face.client.execute_command(
            "ACL",
            "SETUSER",
            "modest",
            "on",
            ">pw",
            "~*",
            "+@all",
            "-info",
        )
        database = face.Database(port=one_server.port, username="modest", password="pw")
        await face.do(database.connect())
        assert database.server is None
        await face.do(database.close())
        face.client.execute_command("ACL", "DELUSER", "modest")
        face.client.close()


class pretending:  # noqa: N801 - it reads as what it does
    """A server that knows little but its version."""

    def __init__(self, info):
        self._info = info.encode()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._clients = []

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self._listener.getsockname()[1]

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self._clients:
            client.close()

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._clients.append(client)
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client):
        while True:
            try:
                data = client.recv(65536)
            except OSError:
                return
            if not data:
                return
            info = b"$%d\r\n%s\r\n" % (len(self._info), self._info)
            for command in data.split(b"*")[1:]:
                client.sendall(info if b"INFO\r\n" in command and b"SETINFO" not in command else b"+OK\r\n")


class TestSync:
    @pytest.fixture
    def thing(self, one_server):
        class Thing(RedisModel):
            database = RedisDatabase(port=one_server.port)
            count = StringField(type=int)

        yield Thing
        Thing.database.close()

    def test_threads_share_a_database(self, thing):
        one = thing(count=0)
        seen = []

        def work():
            seen.extend(one.count.incr() for _ in range(200))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(seen) == list(range(1, 1601))

    def test_connections_are_kept(self, thing, one_server):
        one = thing(count=0)
        with one_server.client() as client:
            before = client.info("stats")["total_connections_received"]
            for _ in range(50):
                one.count.incr()
            assert client.info("stats")["total_connections_received"] == before

    def test_after_a_fork_both_sides_work(self, thing):
        one = thing(count=0)
        context = multiprocessing.get_context("fork")

        def child():
            for _ in range(200):
                one.count.incr()
            os._exit(0)

        children = [context.Process(target=child) for _ in range(3)]
        for process in children:
            process.start()
        for _ in range(200):
            one.count.incr()
        for process in children:
            process.join()
            assert process.exitcode == 0
        assert one.count.get() == 800

    def test_a_fork_while_another_thread_links_a_script(self, monkeypatch):
        """The child links scripts, too."""
        links, ends = threading.Event(), threading.Event()
        link = script.link

        def slow(text, name, *options):
            if name == "scripts/update.lua" and not links.is_set():
                links.set()
                ends.wait()
            return link(text, name, *options)

        monkeypatch.setattr(script, "link", slow)
        thread = threading.Thread(target=lambda: Script("update").sha)
        thread.start()
        links.wait()
        child = multiprocessing.get_context("fork").Process(target=lambda: Script("delete").sha)
        child.start()
        child.join(timeout=20)
        ends.set()
        thread.join()
        if child.exitcode is None:
            child.kill()
        assert child.exitcode == 0

    def test_an_interrupted_call_leaves_no_reply_behind(self, thing, monkeypatch):
        one = thing(count=5)

        def interrupted(line, packed):
            line.send(packed)
            raise KeyboardInterrupt

        monkeypatch.setattr(SyncConnection, "exchange", interrupted)
        with pytest.raises(KeyboardInterrupt):
            one.count.get()
        monkeypatch.undo()
        assert one.count.exists() is True
        assert one.count.get() == 5

    def test_a_blocking_request_waits_longer_than_the_socket_may(self, one_server):
        database = RedisDatabase(port=one_server.port, socket_timeout=0.2)
        database.connect()
        with one_server.client() as client:
            pushing = threading.Timer(0.5, lambda: client.rpush("list", "x"))
            pushing.start()
            assert database._run(Request(("BLPOP", "list", 0), lambda reply: reply[1], blocking=True)) == b"x"
            pushing.join()
        assert database._run(Request(("PING",), bool, readonly=True)) is True
        with one_server.client() as client:
            client.client_pause(2000)
        start = time.monotonic()
        with pytest.raises(ServerTimeout):  # other requests wait as long as before
            database._run(Request(("PING",), bool, readonly=True))
        assert time.monotonic() - start < 1.5
        database.close()
        with one_server.client() as client:
            client.client_unpause()

    @pytest.mark.skipif(not CAN_KEEP, reason="Python keeps timeouts on this system")
    @pytest.mark.parametrize(("checks", "by_python"), [(0, None), (60, 7)])
    def test_the_kernel_keeps_the_timeout(self, one_server, checks, by_python):
        """Not of connections with health checks: redis-py reads the replies to these."""
        database = RedisDatabase(port=one_server.port, socket_timeout=7, health_check_interval=checks)
        assert database._run(Request(("PING",), bool, readonly=True)) is True
        connection = database._access.driver.connections.take()
        assert connection._socket.gettimeout() == by_python
        assert (received_at_most(connection) == 7) is (by_python is None)
        database._access.driver.connections.give_back(connection)
        database.close()

    @pytest.mark.skipif(not CAN_KEEP, reason="Python keeps timeouts on this system")
    def test_a_connection_without_its_timeout_is_not_used(self, one_server, monkeypatch):
        database = RedisDatabase(port=one_server.port, socket_timeout=7)
        database.connect()
        connection = database._access.driver.connections.take()
        connection.drop()

        def interrupted(opened):
            opened.settimeout(None)
            raise KeyboardInterrupt

        monkeypatch.setattr(sync_connection, "leave_to_kernel", interrupted)
        with pytest.raises(KeyboardInterrupt):
            connection.open()
        monkeypatch.undo()
        connection.open()
        assert received_at_most(connection) == 7
        database._access.driver.connections.give_back(connection)
        database.close()

    def test_an_interrupt_while_connecting_spoils_nothing(self, one_server, monkeypatch):
        database = RedisDatabase(port=one_server.port)
        database.connect()
        line = database._access.driver.connections.take()  # so that the next one has to connect

        def interrupted(*_, **__):
            raise KeyboardInterrupt

        monkeypatch.setattr(redis.connection.Connection, "on_connect_check_health", interrupted)
        with pytest.raises(KeyboardInterrupt):
            database.connect()
        monkeypatch.undo()
        for _ in range(3):
            database.connect()
        database._access.driver.connections.give_back(line)
        database.close()

    def test_a_client_made_elsewhere(self, one_server):
        for client in (
            redis.Redis(port=one_server.port, max_connections=1),
            redis.Redis(port=one_server.port, decode_responses=True, protocol=3),
            redis.Redis(
                connection_pool=redis.BlockingConnectionPool(port=one_server.port, max_connections=1, timeout=1)
            ),
        ):
            database_ = RedisDatabase(client=client)
            assert database_.connection is client

            class Thing(RedisModel):
                database = database_
                text = StringField(indexable=True)
                ratio = InstanceHashField(type=float)

            one = Thing(text="é", ratio=1.5)
            assert one.text.get() == "é"
            assert one.hgetall() == {"ratio": 1.5}
            assert one.ratio.hincrbyfloat(0.5) == 2.0
            assert list(Thing.collection(text="é")) == [one.pk.get()]
            assert sorted(Thing.collection(text__in=["é", "x"])) == [one.pk.get()]
            assert client.ping()  # the pool's only connection is free
            one.delete()
            client.close()

    def test_a_pool_made_elsewhere(self, one_server):
        pool = redis.ConnectionPool(port=one_server.port)
        database = RedisDatabase(client=pool)
        database.connect()
        assert database.connection.connection_pool is pool
        assert len(list(database.scan_keys())) == 0
        pool.disconnect()

    def test_what_is_no_client(self):
        with pytest.raises(DeclarationError, match=r"a redis\.Redis or"):
            RedisDatabase(client=object())
        with pytest.raises(DeclarationError, match="port"):
            RedisDatabase(client=redis.Redis(), port=1)
        with pytest.raises(DeclarationError):
            AsyncRedisDatabase(client=redis.Redis())
        for kind in (RedisDatabase, AsyncRedisDatabase):
            with pytest.raises(DeclarationError, match="'hots'"):
                kind(hots="x")
            with pytest.raises(DeclarationError, match="client="):
                kind(connection_pool=redis.ConnectionPool())


class TestAsync:
    @pytest.fixture
    async def thing(self, one_server):
        class Thing(AsyncRedisModel):
            database = AsyncRedisDatabase(port=one_server.port)
            count = StringField(type=int)
            text = StringField()

        yield Thing
        await Thing.database.close()

    async def test_tasks_share_one_connection(self, thing, one_server):
        one = await thing.create(count=0)
        with one_server.client() as client:
            before = client.info("stats")["total_connections_received"]
            results = await asyncio.gather(*(one.count.incr() for _ in range(500)))
            assert sorted(results) == list(range(1, 501))
            assert client.info("stats")["total_connections_received"] == before

    async def test_the_first_tasks_open_one_connection(self, thing, one_server):
        with one_server.client() as client:
            before = client.info("stats")["total_connections_received"]
            await asyncio.gather(*(thing.create(count=number) for number in range(50)))
            assert client.info("stats")["total_connections_received"] == before + 1

    async def test_what_one_turn_asks_is_written_together(self, thing):
        one = await thing.create(count=0)
        written = []
        line = thing.database._driver.connections.shared()
        transport = line._transport

        class Watched:
            def write(self, data):
                written.append(data)
                transport.write(data)

            def __getattr__(self, name):
                return getattr(transport, name)

        line._transport = Watched()
        for _ in range(2):
            await asyncio.gather(*(one.count.get() for _ in range(20)))
        first, others, *again = written
        assert others == first * 19  # one task was alone before
        assert again == [first * 20]
        for _ in range(3):
            await one.count.get()
        assert written[3:] == [first] * 3
        line._transport = transport

    async def test_a_cancelled_caller_shifts_nobodys_reply(self, thing):
        things = [await thing.create(count=number) for number in range(20)]
        for _ in range(20):
            tasks = [asyncio.create_task(one.count.get()) for one in things]
            await asyncio.sleep(0)
            for task in tasks[::3]:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            for number, result in enumerate(results):
                assert result == number or (number % 3 == 0 and isinstance(result, asyncio.CancelledError))

    async def test_one_cancelled_before_it_was_written_is_not_sent(self, thing, one_server):
        one = await thing.create(count=0)
        before = asyncio.create_task(one.count.get())
        task = asyncio.create_task(one.count.incr())
        await asyncio.sleep(0)  # it has asked; since a reply is awaited, the write is for the end of this turn
        task.cancel()
        await asyncio.gather(before, task, return_exceptions=True)
        assert await one.count.get() == 0

    async def test_one_cancelled_after_it_was_written_is_executed(self, thing, one_server):
        one = await thing.create(count=0)
        task = asyncio.create_task(one.count.incr())
        await asyncio.sleep(0)  # nothing else is awaited, so it is written
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await one.count.get() == 1

    async def test_nothing_is_written_where_it_cannot_be(self, thing):
        """While the transport has more than it takes, and once the connection is known to be lost."""
        one = await thing.create(count=0)
        line = thing.database._driver.connections.shared()
        line.pause_writing()
        reply = line.ask(b"PING\r\n")
        await asyncio.sleep(0.05)
        assert not reply.done()
        line.resume_writing()
        assert await reply == b"PONG"
        line._lose("for a test")
        with pytest.raises(ConnectionLost) as refused:
            await line.ask(b"PING\r\n")
        assert not refused.value.sent
        line.close()
        assert await one.count.get() == 0

    async def test_a_caller_cancelled_while_the_connection_opens_stops_nobody(self, thing):
        first = asyncio.create_task(thing.create(count=1))
        second = asyncio.create_task(thing.create(count=2))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).pk is not None
        await asyncio.gather(first, return_exceptions=True)

    async def test_a_lost_connection_fails_those_on_it(self, one_server, proxy):
        class Thing(AsyncRedisModel):
            database = AsyncRedisDatabase(port=proxy.port)
            count = StringField(type=int)

        one = await Thing.create(count=0)
        proxy.let_through.clear()
        writes = [asyncio.create_task(one.count.incr()) for _ in range(10)]
        reads = [asyncio.create_task(one.count.exists()) for _ in range(10)]
        await asyncio.sleep(0.05)
        proxy.cut_all()
        proxy.let_through.set()
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert all(isinstance(outcome, OutcomeUnknown) for outcome in outcomes)
        assert await asyncio.gather(*reads) == [True] * 10
        assert await one.count.get() == 10
        assert proxy.connections == 2
        await Thing.database.close()

    async def test_errors_hit_only_their_caller(self, thing):
        one = await thing.create(count=0, text="x")
        outcomes = await asyncio.gather(
            *(one.count.incr() if number % 2 else one.text.incr() for number in range(20)), return_exceptions=True
        )
        assert sorted(outcomes[1::2]) == list(range(1, 11))
        assert all(isinstance(outcome, LimpydError) for outcome in outcomes[::2])

    async def test_a_blocking_request_keeps_nobody_waiting(self, thing, one_server):
        one = await thing.create(count=0)
        blocking = Request(("BLPOP", "list", 0), lambda reply: reply[1], blocking=True)
        waiting = asyncio.create_task(thing.database._run(blocking))
        await asyncio.sleep(0.05)
        assert await asyncio.wait_for(one.count.incr(), 1) == 1
        with one_server.client() as client:
            client.rpush("list", "x")
        assert await asyncio.wait_for(waiting, 1) == b"x"

    async def test_large_requests_and_replies(self, thing):
        text = "x" * (8 << 20)
        things = await asyncio.gather(*(thing.create(text=text) for _ in range(4)))
        assert await asyncio.gather(*(one.text.get() for one in things)) == [text] * 4

    async def test_a_client_made_elsewhere(self, one_server):
        client = redis.asyncio.Redis(port=one_server.port, decode_responses=True, protocol=3)

        class Thing(AsyncRedisModel):
            database = AsyncRedisDatabase(client=client)
            text = StringField(indexable=True)
            entry = InstanceHashField()

        one = await Thing.create(text="é", entry="x")
        assert await one.text.get() == "é"
        assert await one.hgetall() == {"entry": "x"}
        assert await Thing.collection(text__in=["é", "x"]).all() == ["1"]
        assert Thing.database.connection is client
        await Thing.database.close()
        await client.aclose()

    async def test_connection_is_a_plain_client(self, thing):
        assert await thing.database.connection.set("k", "é") is True
        assert await (await thing.database.connect()).get("k") == "é"


def test_one_database_in_one_event_loop_after_another(one_server):
    class Thing(AsyncRedisModel):
        database = AsyncRedisDatabase(port=one_server.port)
        count = StringField(type=int)

    async def once():
        one = await Thing.get_or_connect(1) if await Thing.exists(1) else await Thing.create(count=0)
        count = await one.count.incr()
        await Thing.database.close()
        return count

    assert [asyncio.run(once()) for _ in range(3)] == [1, 2, 3]


class TestClosing:
    async def test_a_pool_made_elsewhere_stays_open(self, one_server):
        client = redis.asyncio.Redis(port=one_server.port)
        database = AsyncRedisDatabase(client=client)
        await database.connect()
        waiting = asyncio.create_task(client.blpop("list", 5))
        await asyncio.sleep(0.05)
        await database.close()
        await client.rpush("list", "x")
        assert (await waiting)[1] == b"x"
        await client.aclose()

    async def test_cancelled_first_callers_leave_no_connection(self, one_server):
        with one_server.client() as client:
            before = len(client.client_list())
            for _ in range(5):
                database = AsyncRedisDatabase(port=one_server.port)
                call = asyncio.create_task(database._run(Request(("PING",), bool)))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                call.cancel()
                await asyncio.gather(call, return_exceptions=True)
                await database.close()
                await asyncio.sleep(0.05)
            assert len(client.client_list()) == before

    @pytest.mark.parametrize("turns", [1, 2, 3, 5, 8, 12, 20])
    async def test_closing_while_the_connection_opens_leaves_nobody_waiting(self, one_server, turns):
        database = AsyncRedisDatabase(port=one_server.port)
        call = asyncio.create_task(database._run(Request(("PING",), bool, readonly=True)))
        for _ in range(turns):
            await asyncio.sleep(0)
        await database.close()
        outcome = (await asyncio.wait_for(asyncio.gather(call, return_exceptions=True), 3))[0]
        assert outcome is True or isinstance(outcome, ServerUnreachable)
        await database.close()

    async def test_closing_fails_what_is_under_way(self, one_server, proxy):
        database = AsyncRedisDatabase(port=proxy.port)
        await database.connect()
        proxy.let_through.clear()
        read = asyncio.create_task(database._run(Request(("PING",), bool, readonly=True)))
        write = asyncio.create_task(database._run(Request(("SET", "k", "v"), bool)))
        await asyncio.sleep(0.05)
        await database.close()
        outcomes = await asyncio.gather(read, write, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ServerUnreachable, OutcomeUnknown]
        proxy.let_through.set()
        await database.connect()  # it opens again
        await database.close()

    def test_event_loops_of_several_threads(self, one_server):
        class Thing(AsyncRedisModel):
            database = AsyncRedisDatabase(port=one_server.port)
            count = StringField(type=int)

        asyncio.run(Thing.create(count=0))
        errors = []

        async def work():
            one = await Thing.get(1)
            await asyncio.gather(*(one.count.incr() for _ in range(50)))
            assert await Thing.database.connection.ping()

        def thread():
            try:
                for _ in range(5):
                    asyncio.run(work())
            except Exception as error:  # noqa: BLE001 - told to the test
                errors.append(error)

        async def total():
            count = await (await Thing.get(1)).count.get()
            await Thing.database.close()
            return count

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # loops that end without a close()
            threads = [threading.Thread(target=thread) for _ in range(4)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            assert errors == []
            assert asyncio.run(total()) == 1000
            gc.collect()

    def test_the_only_connection_survives_a_restart(self):
        server = Server(binaries()["valkey-9.1"])
        database = RedisDatabase(port=server.port, max_connections=1)
        database.connect()
        server.kill()
        time.sleep(0.1)
        for _ in range(3):
            with pytest.raises(ServerUnreachable):
                database.connect()
        server.start()
        database.connect()
        database.close()
        server.stop()

    def test_too_few_connections_are_told(self, one_server):
        database = RedisDatabase(port=one_server.port, max_connections=1)
        database.connect()
        line = database._access.driver.connections.take()
        with pytest.raises(ServerUnreachable, match="raise max_connections"):
            database.connect()
        database._access.driver.connections.give_back(line)
        database.close()


class TestErrors:
    def test_an_unknown_outcome_is_not_taken_for_an_unreachable_server(self):
        assert not issubclass(OutcomeUnknown, ServerUnreachable)
        assert issubclass(OutcomeUnknown, redis.exceptions.ConnectionError)

    async def test_a_database_number_out_of_range(self, any_face):
        database = any_face.Database(port=any_face.server.port, db=99)
        await any_face.refused(ServerUnreachable, database.connect, match="DB index")
        await any_face.do(database.close())

    def test_a_password_in_a_url_is_not_shown(self):
        with pytest.raises(DeclarationError) as caught:
            RedisDatabase.from_url("http://user:secret@host")
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("name", ["sync", "async"])
    async def test_a_replica_says_so(self, one_server, name):
        replica = Server(binaries()["valkey-9.1"], "--replicaof", f"127.0.0.1 {one_server.port}")
        try:
            face = Face(name, replica)

            class Thing(face.Model):
                database = face.database
                text = StringField()

            await face.refused(LimpydError, lambda: Thing.create(text="x"), match="connect to the primary")
            await face.do(face.database.close())
            face.client.close()
        finally:
            replica.stop()

    @pytest.mark.parametrize("name", ["sync", "async"])
    async def test_connections_to_a_demoted_primary_are_left(self, one_server, name):
        """Behind one address, or by Sentinel, the next ones find the new primary."""
        server = Server(binaries()["valkey-9.1"])
        try:
            face = Face(name, server)

            class Thing(face.Model):
                database = face.database
                text = StringField()
                queue = ListField()

            def connections():
                mine = face.client.client_id()
                return {client["id"] for client in face.client.client_list(_type="normal")} - {str(mine)}

            one = await face.do(Thing.create(queue=["a", "b"]))
            await face.do(one.queue.blpop())
            face.client.replicaof("127.0.0.1", one_server.port)
            for write in (lambda: one.text.set("x"), lambda: one.queue.blpop()):
                before = connections()
                assert before
                await face.refused(LimpydError, write, match="connect to the primary")
                await asyncio.sleep(0.05)
                assert not connections() & before
                face.client.replicaof("NO", "ONE")
                await face.do(one.queue.rpush("a"))
                await face.do(one.queue.blpop())
                face.client.replicaof("127.0.0.1", one_server.port)
            await face.do(face.database.close())
            face.client.close()
        finally:
            server.stop()

    @pytest.mark.parametrize("name", ["sync", "async"])
    async def test_a_full_server_refuses_writes_whole_and_lets_delete(self, name):
        server = Server(binaries()["valkey-9.1"], "--maxmemory-policy", "noeviction")
        try:
            face = Face(name, server)

            class Thing(face.Model):
                database = face.database
                text = StringField(indexable=True)
                entry = InstanceHashField(unique=True)
                tags = SetField(unique=True)
                queue = ListField(indexable=True)

            one = await face.do(Thing.create(text="a", entry="a", tags=["a", "b", "c"], queue=["a", "b"]))
            two = await face.do(Thing.create(text="b", entry="b"))
            before = state(face.client)
            face.client.config_set("maxmemory", 1)
            for write in (
                lambda: Thing.create(text="c"),
                lambda: one.text.set("c"),
                lambda: one.hmset(entry="c"),
                lambda: one.tags.sadd("d"),
                lambda: one.queue.rpush("d"),
                lambda: two.tags.sunionstore(one.tags),
            ):
                await face.refused(LimpydError, write, match="maxmemory")
            assert state(face.client) == before
            assert await face.do(one.text.get()) == "a"
            assert await face.do(one.text.delete()) is True
            assert await face.do(one.hdel("entry")) == 1
            assert await face.do(one.tags.srem("a")) == 1
            assert await face.do(one.tags.spop()) in {"b", "c"}
            assert await face.do(one.tags.delete()) is True
            assert await face.do(one.queue.lpop()) == "a"
            assert await face.do(one.queue.ltrim(1, 0)) is True
            await face.do(two.delete())
            assert face.keys() == {"{thing}:pks", "{thing}:seq"}
            face.client.config_set("maxmemory", 0)
            await face.do(face.database.close())
            face.client.close()
        finally:
            server.stop()


class TestSettings:
    def test_from_url(self):
        for url, expected in (
            ("redis://h:1/2", {"host": "h", "port": 1, "db": 2}),
            ("valkey://u:p@h/3", {"host": "h", "username": "u", "password": "p", "db": 3}),
            ("rediss://h", {"host": "h", "ssl": True}),
            ("unix:///tmp/x.sock?db=4", {"unix_socket_path": "/tmp/x.sock", "db": 4}),
            ("redis://h?socket_timeout=2", {"host": "h", "socket_timeout": 2.0}),
        ):
            for kind in (RedisDatabase, AsyncRedisDatabase):
                settings = kind.from_url(url).connection_settings
                assert {name: settings[name] for name in expected} == expected
        for kind in (RedisDatabase, AsyncRedisDatabase):
            with pytest.raises(DeclarationError, match="redis://"):
                kind.from_url("http://h")

    async def test_reset_and_connect(self, any_face):
        port = any_face.server.port
        database = any_face.Database(port=free_port())
        await any_face.do(database.reset(port=port, db=1))
        client = await any_face.do(database.connect())
        await any_face.do(client.set("k", "v"))
        await any_face.do(database.connect(port=port, db=2))
        assert await any_face.do(database.connection.get("k")) is None
        await any_face.do(database.connect(port=port, db=1))
        assert await any_face.do(database.connection.get("k")) == "v"
        await any_face.do(database.reset())
        assert await any_face.do(database.connection.get("k")) == "v"
        await any_face.do(database.close())

    def test_defining_sends_nothing(self, one_server):
        with Sent(one_server) as sent:

            class Thing(RedisModel):
                database = RedisDatabase(port=one_server.port)
                text = StringField()

            Thing.collection()
            repr(Thing.database)
        assert sent.names == []

    async def test_over_a_unix_socket(self, unix_socket):
        path = unix_socket
        server = Server(binaries()["valkey-9.1"], "--unixsocket", path)
        try:
            for name in ("sync", "async"):
                face = Face(name, server)
                for database_ in (face.Database(unix_socket_path=path), face.Database.from_url(f"unix://{path}")):

                    class Thing(face.Model):
                        database = database_
                        text = StringField()

                    assert await face.do((await face.do(Thing.create(text="x"))).text.get()) == "x"
                    assert path in repr(database_)
                    await face.do(database_.close())
                face.client.close()
        finally:
            server.stop()

    @pytest.mark.parametrize(
        ("settings", "shown"),
        [
            ({}, f"redis-py(limpyd_v{limpyd.__version__})"),
            ({"driver_info": redis.DriverInfo().add_upstream_driver("shop", "2.1")}, "redis-py(shop_v2.1)"),
        ],
    )
    async def test_the_server_is_told_which_library_is_connected(self, any_face, settings, shown):
        database = any_face.Database(port=any_face.server.port, client_name="shop", **settings)
        model = type("Thing", (any_face.Model,), {"database": database, "queue": ListField()})
        one = await any_face.do(model.create(queue=["a"]))
        await any_face.do(one.queue.blpop())  # by a connection of its own
        shops = [client for client in any_face.client.client_list() if client["name"] == "shop"]
        assert {client["lib-name"] for client in shops} == {shown}
        await any_face.do(database.close())


def test_a_pipeline_may_take_longer_than_the_socket_timeout(one_server):
    """What is sent meanwhile waits for the server, as long as replies come."""
    database = RedisDatabase(port=one_server.port, socket_timeout=1)
    model = type("Thing", (RedisModel,), {"database": database, "text": StringField()})
    one = model(text="x")
    with database.pipeline() as pipe:
        for number in range(80):
            pipe.eval("for turn = 1, 3e6 do end", 0)
            pipe.add(one.text.set, f"{number}" + "x" * 300_000)
    assert one.text.get().startswith("79x")
    database.close()


def test_what_was_not_sent_yet_was_not_executed(one_server):
    """The connection is lost while others wait for their replies."""
    database = RedisDatabase(port=one_server.port)
    model = type("Thing", (RedisModel,), {"database": database, "text": StringField()})
    one = model(text="x")
    with pytest.raises(OutcomeUnknown), database.pipeline() as pipe:
        first = one.text.set("y")
        pipe.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no")
        second = one.text.set("z" * 300_000)
        third, fourth = one.text.set("z" * 300_000), one.text.set("z")
    assert first.value is True
    assert isinstance(second.error, OutcomeUnknown)
    assert isinstance(third.error, OutcomeUnknown | ServerUnreachable)
    assert isinstance(fourth.error, ServerUnreachable)
    assert one.text.get() == "y"
    database.close()


def test_who_asks_while_idle_connections_are_closed_makes_no_further_ones(one_server, monkeypatch):
    """A signal handler, say: it takes one of those that are closed already, or of those that are not yet."""
    database = RedisDatabase(port=one_server.port)
    model = type("Thing", (RedisModel,), {"database": database, "text": StringField()})
    one = model(text="x")
    connections = database._access.driver.connections
    drop, dropping = SyncConnection.drop, []

    def interrupted(line):
        drop(line)
        if not dropping:
            dropping.append(line)
            assert one.text.get() == "x"
            dropping.clear()

    monkeypatch.setattr(SyncConnection, "drop", interrupted)
    for _ in range(10):
        connections.close_idle()
    assert len(connections._connections) == 2
    monkeypatch.undo()
    database.close()
