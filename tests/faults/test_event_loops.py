"""Event loops: kept over a fork, cancelled by scopes, short of connections, ended without a word."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
import time
import warnings
from contextlib import suppress

import anyio
import pytest
import uvloop

from limpyd import InstanceHashField, ListField, RedisDatabase, StreamField, StringField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import DeclarationError, LimpydError, OutcomeUnknown, ServerTimeout, ServerUnreachable
from tests.support.amounts import amount
from tests.support.forks import run
from tests.support.proxy import Proxy
from tests.support.short_timeouts import answered

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
SCOPES = amount("LIMPYD_SCOPES", 1000)
"""The calls that scopes cancel, beside a hundredth as many accidents."""
KILLS = 60
"""How often all connections are closed."""


@pytest.fixture(params=LOOPS)
def loop_factory(request):
    return LOOPS[request.param]


def declare(**settings):
    class Thing(AsyncRedisModel):
        database = AsyncRedisDatabase(**settings)
        name = StringField()
        count = InstanceHashField(type=int)
        queue = ListField()
        log = StreamField()

    return Thing


FORKED = """
import asyncio, os, sys
import uvloop
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd import ListField, StringField

loop = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}[sys.argv[2]]()
asyncio.set_event_loop(loop)

class Thing(AsyncRedisModel):
    database = AsyncRedisDatabase(host=sys.argv[3], port=int(sys.argv[1]), socket_timeout=5)
    name = StringField()
    queue = ListField()

async def set_up():
    things = [await Thing.create(name=f"n{number}") for number in range(2)]
    await things[0].queue.blpop(timeout=0.01)
    await Thing.database.connection.ping()
    return things, asyncio.ensure_future(Thing.lazy_connect(1).name.get())  # under way over the fork

def compare(found, expected):
    if found != expected:
        print("wrong:", found, expected, flush=True)
        os._exit(3)

async def work(who, under_way):
    me, database = things[who], Thing.database

    async def renamed(transaction):
        name = await me.name.get()
        transaction.multi()
        me.name.set(name)

    compare(await under_way, "n0")
    for number in range(50):
        compare(await asyncio.gather(*[me.name.get() for _ in range(5)]), [f"n{who}"] * 5)
        await me.queue.rpush(f"{who}.{number}")
        compare(await me.queue.blpop(timeout=5), f"{who}.{number}")
        await database.transaction(renamed, me.name)
        async with database.pipeline():
            name = me.name.get()
        compare(name.value, f"n{who}")
        if sys.argv[3] != "localhost":  # whose address threads of the event loop look up, which no child has
            compare(await database.connection.echo(f"n{who}"), f"n{who}")

things, under_way = loop.run_until_complete(set_up())
pid = os.fork()
loop.run_until_complete(asyncio.wait_for(work(int(pid == 0), under_way), 60))
if pid == 0:
    loop.run_until_complete(Thing.database.close())
    os._exit(0)
_, status = os.waitpid(pid, 0)
loop.run_until_complete(asyncio.wait_for(work(0, under_way), 60))  # once more, now that the child is gone
loop.run_until_complete(Thing.database.close())
sys.exit(status != 0)
"""


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_loop_that_is_kept_over_a_fork(one_server, loop, host):
    """Parent and child get their own replies, each on connections of its own."""
    done = run("-c", FORKED, one_server.port, loop, host)
    assert "wrong" not in done.stdout
    if loop == "asyncio":  # libuv, on which uvloop stands, may abort when another process uses its loop
        assert done.returncode == 0, done.stderr[-3000:]
        assert "Traceback" not in done.stderr


async def in_anyio(seconds, call):
    with anyio.move_on_after(seconds):
        await call


async def in_asyncio(seconds, call):
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await call


async def in_wait_for(seconds, call):
    with suppress(TimeoutError):
        await asyncio.wait_for(call, seconds)


class Enough(Exception):
    pass


async def in_a_group(seconds, call):
    async def ended(after=0.0):
        await asyncio.sleep(after)
        raise Enough

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(ended(seconds))
            await call
            await ended()
    except* (Enough, LimpydError):
        pass


@pytest.mark.parametrize("scope", [in_anyio, in_asyncio, in_wait_for, in_a_group])
def test_scopes_cancel_what_is_theirs(one_server, loop_factory, scope):
    """Whatever they interrupt: no cancellation goes astray, and the next call gets its own reply."""

    async def main():
        model = declare(port=one_server.port, socket_timeout=2)
        things = [await model.create(name=f"n{number}") for number in range(8)]
        tries = happened = 0
        noise = random.Random(1)

        def goes_on():
            return tries < SCOPES or happened < SCOPES // 100

        async def watched(thing):
            async def body(transaction):
                name = await thing.name.get()
                transaction.multi()
                thing.name.set(name)

            await model.database.transaction(body, thing.name)

        async def waited(thing):
            await thing.queue.rpush("a")
            await thing.queue.blpop(timeout=0.1)

        async def worker(number):
            nonlocal tries
            thing = things[number]
            while goes_on():
                tries += 1
                call = noise.choice([watched, waited])(thing)
                try:
                    await scope(noise.choice([1e-5, 1e-4, 5e-4, 1e-3, 5e-3]), call)
                except LimpydError:
                    continue
                finally:
                    call.close()
                with suppress(LimpydError):
                    assert await thing.name.get() == f"n{number}"
                assert asyncio.current_task().cancelling() == 0

        async def accidents():
            nonlocal happened
            with one_server.client() as client:
                while goes_on():
                    happened += 1
                    await asyncio.sleep(0.02)
                    client.client_kill_filter(_type="normal", skipme=True)
                    client.script_flush()

        outcomes = await asyncio.gather(accidents(), *map(worker, range(8)), return_exceptions=True)
        await model.database.close()
        assert outcomes == [None] * 9

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main())


def test_connections_that_are_closed_raise_our_errors(one_server, loop_factory):
    """uvloop has a RuntimeError of its own for them."""

    async def main():
        model = declare(port=one_server.port)
        one = await model.create(count=0)
        refused = kills = 0

        async def worker():
            nonlocal refused
            while kills < KILLS:
                try:
                    await asyncio.gather(one.count.hincrby(), one.queue.blpop(timeout=0.01), one.count.hget())
                except LimpydError:
                    refused += 1

        async def killer():
            nonlocal kills
            with one_server.client() as client:
                while kills < KILLS:
                    kills += 1
                    await asyncio.sleep(0.01)
                    client.client_kill_filter(_type="normal", skipme=True)

        await asyncio.gather(killer(), *(worker() for _ in range(4)))
        assert refused > KILLS // 2
        await model.database.close()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main())


class TestFewConnections:
    async def test_they_are_not_exceeded(self, one_server):
        model = declare(port=one_server.port, max_connections=3)
        one = await model.create(count=0)
        with one_server.client() as client:
            others = len(client.client_list()) - 1
            tasks = [asyncio.create_task(one.queue.blpop(timeout=1)) for _ in range(10)]
            await asyncio.sleep(0.2)
            assert len(client.client_list()) == others + 3
            assert await one.count.hincrby() == 1  # one is always left for what does not wait
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        refusals = [outcome for outcome in outcomes if outcome is not None]
        assert len(refusals) == 8
        assert {type(refusal) for refusal in refusals} == {ServerUnreachable}
        assert "raise max_connections" in str(refusals[0])
        assert "max_connections=3" in str(refusals[0])
        assert await one.queue.blpop(timeout=0.01) is None
        await model.database.close()

    async def test_they_come_back_however_their_users_end(self, one_server):
        model = declare(port=one_server.port, max_connections=2)
        one = await model.create(count=0)

        async def body(transaction):
            await asyncio.sleep(5)

        for call in (lambda: one.queue.blpop(timeout=5), lambda: model.database.transaction(body, one.name)):
            for turns in range(12):
                task = asyncio.create_task(call())
                for _ in range(turns):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await asyncio.sleep(0.01)
                assert await one.queue.blpop(timeout=0.01) is None
        await model.database.close()

    async def test_one_is_for_what_does_not_wait(self, one_server):
        model = declare(port=one_server.port, max_connections=1)
        one = await model.create(count=0)
        assert await one.count.hincrby() == 1
        with pytest.raises(ServerUnreachable, match="max_connections=1"):
            await one.queue.blpop(timeout=0.1)
        await model.database.close()

    @pytest.mark.parametrize("kind", [RedisDatabase, AsyncRedisDatabase])
    def test_settings_that_do_not_exist(self, kind):
        database = kind()
        for make in (
            lambda: kind(bogus_setting=5),
            lambda: kind.from_url("redis://h?bogus_setting=5"),
            lambda: (
                database.reset(bogus_setting=5)
                if kind is RedisDatabase
                else asyncio.run(database.reset(bogus_setting=5))
            ),
        ):
            with pytest.raises(
                DeclarationError, match=r"no setting 'bogus_setting'|a setting that redis-py does not know"
            ):
                make()
        with pytest.raises(DeclarationError, match="did you mean 'socket_timeout'"):
            kind(socket_timout=3)
        for wrong in (0, -1, "x"):
            with pytest.raises(DeclarationError, match="max_connections takes"):
                kind(max_connections=wrong)
        assert kind(max_connections=None).connection_settings["max_connections"] is None


class TestDeadConnections:
    @pytest.fixture
    async def silent(self, one_server):
        """An object whose server will say nothing, and what silences it."""
        proxy = Proxy(one_server.port)
        model = declare(port=proxy.port, socket_timeout=0.3)
        one = await answered(lambda: model.create(count=0))
        await answered(lambda: one.queue.blpop(timeout=0.01))

        async def silence():
            await asyncio.sleep(0.1)
            proxy.let_through.clear()

        yield one, silence
        proxy.let_through.set()
        await model.database.close()
        proxy.close()

    @pytest.mark.parametrize(
        ("wait", "error"),
        [
            (lambda one: one.queue.blpop(timeout=0.5), OutcomeUnknown),
            (lambda one: one.log.xread("$", block=500), ServerTimeout),
        ],
    )
    async def test_what_waits_is_given_up_a_little_after_its_own_timeout(self, silent, wait, error):
        one, silence = silent
        silenced = asyncio.create_task(silence())
        start = time.monotonic()
        with pytest.raises(error):
            await asyncio.wait_for(wait(one), 10)
        assert 0.7 < time.monotonic() - start < 5
        await silenced

    async def test_without_a_timeout_it_waits_for_as_long_as_it_takes(self, one_server):
        model = declare(port=one_server.port, socket_timeout=0.1)
        one = await answered(lambda: model.create(count=0))
        await answered(lambda: one.queue.blpop(timeout=0.01))
        waiting = asyncio.create_task(one.queue.blpop())
        await asyncio.sleep(0.5)
        await answered(lambda: one.queue.rpush("x"))
        assert await waiting == "x"
        await model.database.close()

    def test_a_busy_process_is_not_a_silent_server(self, one_server, loop_factory):
        async def main():
            model = declare(port=one_server.port, socket_timeout=0.1)
            one = await answered(lambda: model.create(name="x"))
            for _ in range(5):
                call = asyncio.ensure_future(one.name.get())
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                time.sleep(0.25)  # noqa: ASYNC251 - what other code of the loop does
                assert await call == "x"
            await model.database.close()

        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(main())


class TestEnds:
    """Loops that end without close(), or with calls under way, spoil nothing for the next ones."""

    def test_runs_one_after_the_other(self, one_server, loop_factory):
        model = declare(port=one_server.port)

        async def once():
            one = await model.get_or_connect(1) if await model.exists(1) else await model.create(count=0)
            await one.queue.blpop(timeout=0.01)
            left = [asyncio.ensure_future(one.queue.blpop(timeout=5)), asyncio.ensure_future(one.count.hincrby())]
            await asyncio.sleep(0)
            del left
            return await one.count.hincrby()

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # for connections that nobody closed
            for _ in range(4):
                with asyncio.Runner(loop_factory=loop_factory) as runner:
                    assert runner.run(once()) > 0
            asyncio.run(model.database.close())
            gc.collect()

    def test_loops_of_several_threads_on_one_database(self, one_server, loop_factory):
        model = declare(port=one_server.port, max_connections=3)
        wrong = []

        async def work(name):
            one = await model.create(name=name)
            for number in range(30):
                await one.queue.rpush(f"{name}.{number}")
                got = await asyncio.gather(one.name.get(), one.queue.blpop(timeout=5), one.count.hincrby())
                if got != [name, f"{name}.{number}", number + 1]:
                    wrong.append(got)

        def thread(name):
            with asyncio.Runner(loop_factory=loop_factory) as runner:
                runner.run(work(name))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            threads = [threading.Thread(target=thread, args=(f"t{number}",)) for number in range(4)]
            for each in threads:
                each.start()
            for each in threads:
                each.join()
            asyncio.run(model.database.close())
            gc.collect()
        assert wrong == []

    async def test_walks_that_are_left_in_the_middle(self, one_server):
        model = declare(port=one_server.port)
        await model.bulk_create([{"name": str(number)} for number in range(300)])
        for _ in range(3):
            async for _ in model.collection().iterate(chunk=10):
                break
            async for _ in model.database.scan_keys(count=10):
                break
        gc.collect()
        await asyncio.sleep(0)
        assert len(await model.collection().all()) == 300
        await model.database.close()
