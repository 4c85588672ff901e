"""Faults of the driver for clusters that were found by hand; one server does, since they are limpyd's own."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
import redis

from limpyd import ListField, RedisDatabase, RedisModel
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.drivers.cluster.attempts import PACKED_ASKING
from limpyd.drivers.shared_requests import asked
from limpyd.exceptions import OutcomeUnknown, ServerUnreachable
from limpyd.requests.request import Request
from tests.support.clusters import slot_of
from tests.support.servers import OLDEST
from tests.support.spread_models import MODELS, declared, slot

PING: Request[bytes] = Request((b"PING",), bytes)
on_one_server = pytest.mark.parametrize("cluster", ["valkey-9.1"], indirect=True)


@pytest.fixture
def database(cluster):
    database = RedisDatabase(nodes=cluster.addresses)
    yield database
    database.close()


@pytest.fixture
def people(database):
    people = declared(database, RedisModel)
    for model in people:
        model(name="Ada", age=1)
    return people


def run_async(cluster, main):
    """Runs a function of an async database."""

    async def with_database():
        database = AsyncRedisDatabase(nodes=cluster.addresses)
        try:
            await main(database)
        finally:
            await database.close()

    asyncio.run(with_database())


@on_one_server
class TestWalksOfKeys:
    @pytest.mark.parametrize("pattern", ["*:pks", "{town:person*}:pks", "*{town:*:pks", "{town:person[0-9]*}:pks"])
    def test_a_pattern_is_no_key(self, database, people, pattern):
        assert len([*database.scan_keys(pattern)]) == len(people)

    def test_a_pattern_of_one_model(self, database, people):
        assert {*database.scan_keys("{town:person3}:*")} == {*people[3].scan_model_keys()} != set()

    def test_slots_that_moved_unnoticed(self, cluster, database, people):
        model = people[0]
        cluster.move_slots([slot(model)], cluster.another(cluster.owner(slot(model))))
        assert len([*database.scan_keys("*:pks")]) == MODELS

    def test_a_node_that_has_not_heard_of_a_move(self, cluster, database, people):
        """It names the former owner: by its word keys were missed, or given twice."""
        moving = slot(people[0])
        source = cluster.owner(moving)
        target = cluster.another(source)
        cluster.move_slots([moving], target)
        expected = sorted(f"{{town:{model._schema.keys.name}}}:pks" for model in people)
        for _ in range(20):
            cluster.another(source, target).call("CLUSTER", "SETSLOT", moving, "NODE", source.id)
            assert sorted(database.scan_keys("*:pks")) == expected
            assert [*database.scan_keys("{town:person0}:pks")] == ["{town:person0}:pks"]

    def test_slots_that_move_meanwhile(self, cluster, database, people):
        """Those of the second node move to the first, which has been visited by then."""
        keys = database.scan_keys(count=1)
        found = [next(keys)]
        first = cluster.owner_of(found[0])
        while cluster.owner_of(found[-1]) is first:
            found.append(next(keys))
        cluster.move_slots({slot(model) for model in people} - first.me().slots, first)
        found += keys
        assert {*found} >= {f"{{town:{model._schema.keys.name}}}:pks" for model in people}

    def test_async(self, cluster, people):
        async def main(database):
            await database.connect()
            cluster.move_slots([slot(people[0])], cluster.another(cluster.owner(slot(people[0]))))
            keys = [key async for key in database.scan_keys("*:pks")]
            assert len(keys) == len({*keys}) == MODELS

        run_async(cluster, main)

    def test_a_check_looks_at_all_nodes(self, cluster, database, people):
        with cluster.client() as client:
            for number in range(20):
                client.sadd(f"{{nobody{number}}}:pks", "1")
        assert sum(finding.kind == "unowned" for finding in database.check().findings) == 20


@on_one_server
class TestRawCommands:
    @pytest.mark.parametrize(
        "args",
        [
            ("SET", "foo", "a:b"),
            ("OBJECT ENCODING", "foo"),
            ("MEMORY USAGE", "foo"),
            ("EVAL", "return redis.call('GET', KEYS[1]) -- a:b", 1, "foo"),
            ("BITOP", "NOT", "bar", "bar"),
            ("ZUNION", 1, "a"),
            ("XREAD", "COUNT", 1, "STREAMS", "b", "0-0"),
        ],
    )
    def test_they_go_to_the_node_of_their_key_at_once(self, database, args):
        database.connect()
        database.connection.set("foo", "1")
        seen = []
        with database.on_request(seen.append):
            for atomic in (False, True) * 5:
                with database.pipeline(transaction=atomic) as pipe:
                    pipe.execute_command("PUBLISH", "c:d", "x")
                    pipe.execute_command(*args)
        assert {event.retry for event in seen} == {None}


@on_one_server
class TestPatience:
    def test_a_slot_that_has_moved_needs_none(self, cluster, people):
        impatient = RedisDatabase(nodes=cluster.addresses, patience=0)
        again = declared(impatient, RedisModel)[0]
        person = again.get(name="Ada")
        cluster.move_slots([slot(again)], cluster.another(cluster.owner(slot(again))))
        assert person.age.hget() == 1
        impatient.close()

    def test_what_a_blocking_command_waited_does_not_count(self, cluster):
        database = RedisDatabase(nodes=cluster.addresses, patience=0.1)
        body = {"database": database, "jobs": ListField(), "__module__": __name__}
        job = type("Jobs", (RedisModel,), body)(jobs=["a"])
        job.jobs.lpop()
        taken = []
        waiting = threading.Thread(target=lambda: taken.append(job.jobs.blpop(timeout=5)))
        waiting.start()
        time.sleep(0.3)
        cluster.move_slots([slot_of("{jobs}")], cluster.another(cluster.owner(slot_of("{jobs}"))))
        job.jobs.rpush("b")
        waiting.join()
        assert taken == ["b"]
        database.close()

    def test_a_blocking_command_waits_at_the_node_that_is_taking_a_slot_over(self, cluster):
        database = RedisDatabase(nodes=cluster.addresses, patience=0.2)
        body = {"database": database, "jobs": ListField(), "__module__": __name__}
        job = type("Jobs", (RedisModel,), body)(jobs=["a"])
        key = job.jobs.key
        move = cluster.move(slot_of("{jobs}"), cluster.another(cluster.owner(slot_of("{jobs}"))))
        move.move_key(key)
        assert job.jobs.blpop(timeout=2) == "a"
        with redis.Redis(*move.target.address, single_connection_client=True) as client:
            push = threading.Timer(0.5, lambda: [client.execute_command("ASKING"), client.rpush(key, "b")])
            push.start()
            assert job.jobs.blpop(timeout=2) == "b"
            push.join()
        move.finish()
        database.close()

    def test_the_error_says_that_slots_are_moved(self, cluster, people):
        impatient = RedisDatabase(nodes=cluster.addresses, patience=0.1)
        person = declared(impatient, RedisModel)[0].get(name="Ada")
        move = cluster.move(slot(people[0]), cluster.another(cluster.owner(slot(people[0]))))
        move.move_key(f"{{town:person0}}:hash:{person.pk.get()}")
        with pytest.raises(ServerUnreachable, match=r"TryAgainError.*slots are being moved.*raise patience="):
            person.age.hset(7)
        move.finish()
        impatient.close()


@on_one_server
class TestAsync:
    def test_a_write_in_flight_when_the_database_is_closed(self, cluster, people):
        async def main(database):
            model = declared(database, AsyncRedisModel)[0]
            person = await model.get(name="Ada")
            await person.age.hincrby(1)
            cluster.owner(slot(model)).call("CLIENT", "PAUSE", 500, "ALL")
            calls = [asyncio.create_task(person.age.hincrby(1)), asyncio.create_task(person.age.hget())]
            await asyncio.sleep(0.1)
            await database.close()
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
            assert [*map(type, outcomes)] == [OutcomeUnknown, ServerUnreachable]

        run_async(cluster, main)

    def test_a_node_that_has_lost_its_slots_may_still_answer(self, cluster, people):
        async def main(database):
            model = declared(database, AsyncRedisModel)[0]
            person = await model.get(name="Ada")
            await person.age.hincrby(1)
            node = cluster.owner(slot(model))
            node.call("CLIENT", "PAUSE", 300, "ALL")
            call = asyncio.create_task(person.age.hincrby(1))
            await asyncio.sleep(0.1)
            database._driver._routing.topology.nodes = tuple({*cluster.addresses} - {node.address})
            database._driver.connections.drop_others()
            assert await call == 3

        run_async(cluster, main)

    def test_asking_is_not_sent_without_what_was_cancelled(self, cluster, people):
        async def main(database):
            await database.connect()
            driver = database._driver
            connection = await driver.connections.open_to(driver._routing.topology.nodes[0])
            written = []
            connection._write = lambda packed, replies: written.append((packed, len(replies)))
            connection._one_at_a_time = False
            for cancels in (True, False):
                call = asyncio.create_task(asked(connection, b"PING\r\n", PING, PACKED_ASKING))
                await asyncio.sleep(0)
                if cancels:
                    call.cancel()
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            assert written == [(b"", 0), (PACKED_ASKING + b"PING\r\n", 2)]
            call.cancel()

        run_async(cluster, main)


@pytest.mark.parametrize("replicated", [OLDEST], indirect=True)  # which ends blocking commands with an error
def test_a_blocking_command_goes_on_after_an_ordered_failover(replicated):
    database = RedisDatabase(nodes=replicated.addresses)
    job = type("Jobs", (RedisModel,), {"database": database, "jobs": ListField(), "__module__": __name__})(jobs=["a"])
    job.jobs.lpop()
    taken = []
    waiting = threading.Thread(target=lambda: taken.append(job.jobs.blpop(timeout=20)))
    waiting.start()
    time.sleep(0.2)
    replicated.fail_over(replicated.replicas(replicated.owner(slot_of("{jobs}")))[0])
    job.jobs.rpush("b")
    waiting.join()
    assert taken == ["b"]
    database.close()


def test_silent_nodes_are_given_up_soon():
    database = RedisDatabase(nodes=[("127.0.0.1", 1)])
    settings = database._seed_driver(("127.0.0.1", 1)).connections._pool.connection_kwargs
    assert (settings["socket_timeout"], settings["socket_connect_timeout"]) == (5, 1)
    settings = database._endpoint.client_settings()
    assert (settings["socket_timeout"], settings["socket_connect_timeout"]) == (5, 1)
