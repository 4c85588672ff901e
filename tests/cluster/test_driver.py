"""Models on a cluster of several nodes: each on the node of its slot, which is found, and found again after moves."""

from __future__ import annotations

import asyncio

import pytest
import redis

from limpyd import RedisDatabase, RedisModel, fields
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import DeclarationError, ServerError, ServerUnreachable, UniquenessError
from tests.support.clusters import Cluster
from tests.support.spread_models import MODELS, declared, slot


@pytest.fixture
def database(cluster: Cluster):
    database = RedisDatabase(nodes=cluster.addresses)
    yield database
    database.close()


@pytest.fixture
def people(database):
    return declared(database, RedisModel)


class TestOnSeveralNodes:
    def test_each_model_is_on_the_node_of_its_slot(self, cluster, people):
        for model in people:
            person = model(name="Ada", age=36, tags=["x"])
            assert person.age.hincrby(1) == 37
            assert model.collection(age__gte=30, tags="x").sort(by="age").instances()[0].name.hget() == "Ada"
            assert model.get(name="Ada") == person
            with pytest.raises(UniquenessError):
                model(name="Ada")
        assert len({cluster.owner(slot(model)) for model in people}) == 3
        assert all(
            cluster.owner(slot(model)).call("EXISTS", f"{{town:{model._schema.keys.name}}}:pks") for model in people
        )

    def test_one_node_named_by_host_and_port_is_enough(self, cluster):
        host, port = cluster.addresses[0]
        database = RedisDatabase(host=host, port=port)
        for model in declared(database, RedisModel):
            assert model(age=1).age.hget() == 1
        database.close()

    def test_seeds_that_are_down_are_passed_over(self, cluster):
        database = RedisDatabase(nodes=[("127.0.0.1", 1), *cluster.addresses])
        assert declared(database, RedisModel, 1)[0](age=1).age.hget() == 1
        database.close()

    def test_a_pipeline_goes_to_all_nodes_at_once(self, database, people):
        ada = [model(name="Ada", age=1) for model in people]
        assert [model.collection(age=1).count() for model in people] == [1] * MODELS
        seen = []
        with database.on_request(seen.append), database.pipeline():
            counts = [model.collection(age=1).count() for model in people]
            ages = [person.age.hincrby(2) for person in ada]
        assert [count.value for count in counts] == [1] * MODELS
        assert [age.value for age in ages] == [3] * MODELS
        assert len(seen) == 1

    def test_each_node_gets_the_scripts_of_its_part(self, cluster, people):
        ada = [model(name="Ada", age=1) for model in people]
        for node in cluster.primaries():
            node.call("SCRIPT", "FLUSH")
        fresh = RedisDatabase(nodes=cluster.addresses)
        again = [model(person.pk.get()) for model, person in zip(declared(fresh, RedisModel), ada, strict=True)]
        with fresh.pipeline():
            ages = [person.age.hincrby(2) for person in again]
        assert [age.value for age in ages] == [3] * MODELS
        fresh.close()

    def test_all_keys_are_scanned(self, database, people):
        for model in people:
            model(age=1)
        found = [key for key in database.scan_keys() if key.endswith(":pks")]
        assert len(found) == len(set(found)) == MODELS

    def test_transactions_and_watches(self, database, people):
        for model in people:
            person = model(name="Ada", age=1)
            with database.transaction():
                person.age.hincrby(1)
                person.name.hset("Eve")
            assert person.hmget("age", "name") == [2, "Eve"]
            database.transaction(lambda _, person=person: person.age.hset(5), person.tags)
            database.transaction(lambda _, person=person: person.tags.sadd("y"))
            assert (person.age.hget(), person.tags.smembers()) == (5, {"y"})

    def test_the_whole_model_can_be_checked_and_rebuilt(self, people):
        for model in people[:4]:
            model(name="Ada", age=1, tags=["x"])
            assert model.check().ok
            model.rebuild_indexes()
            assert model.collection(age=1).count() == 1

    def test_blocking_commands(self, database):
        queue = type("Jobs", (RedisModel,), {"database": database, "jobs": fields.ListField(), "__module__": __name__})
        job = queue(jobs=["a"])
        assert job.jobs.blpop(timeout=1) == "a"


class TestSettings:
    def test_the_client_for_users_reaches_all_nodes(self, cluster, database):
        names = [f"name{number}" for number in range(20)]
        for name in names:
            database.connection.set(name, name)
        assert [database.connection.get(name) for name in names] == names
        database.close()

        async def main():
            database = AsyncRedisDatabase(nodes=cluster.addresses)
            assert [await database.connection.get(name) for name in names] == names
            await database.close()

        asyncio.run(main())

    @pytest.mark.parametrize("protocol", [2, 3])
    def test_a_client_that_knows_one_node(self, cluster, protocol):
        host, port = cluster.addresses[0]
        with redis.Redis(host=host, port=port, protocol=protocol) as client:
            for model in declared(RedisDatabase(client=client), RedisModel):
                assert model(age=1).age.hget() == 1

    def test_addresses_that_have_to_be_changed(self, cluster):
        asked = []

        def remap(address):
            asked.append(address)
            return "localhost", address[1]

        database = RedisDatabase(nodes=cluster.addresses[:1], address_remap=remap)
        for model in declared(database, RedisModel):
            assert model(age=1).age.hget() == 1
        assert set(asked) == set(cluster.addresses)
        database.close()

    def test_an_account_that_may_not_ask_for_the_nodes(self, cluster):
        host, port = cluster.addresses[0]
        for node in cluster.nodes:
            node.call("ACL", "SETUSER", "shy", "on", "nopass", "~*", "&*", "+@all", "-cluster")
        database = RedisDatabase(host=host, port=port, username="shy", password="x")
        with pytest.raises(ServerError, match=r"allow \+cluster\|slots"):
            for model in declared(database, RedisModel):
                model(age=1)
        database.close()
        for node in cluster.nodes:
            node.call("ACL", "SETUSER", "shy", "+cluster|slots")
        for model in declared(database, RedisModel):
            assert model(age=1).age.hget() == 1
        database.close()
        for node in cluster.nodes:
            node.call("ACL", "DELUSER", "shy")

    def test_nodes_of_no_cluster_are_refused(self, server):
        if server.clustered:
            pytest.skip("it is a cluster")
        with pytest.raises(DeclarationError, match="is none; pass host="):
            RedisDatabase(nodes=[("127.0.0.1", server.port)]).connect()

    @pytest.mark.parametrize("nodes", ["127.0.0.1:1", [], [("h",)], [("h", "1")], 3])
    def test_malformed_nodes(self, nodes):
        with pytest.raises(DeclarationError, match="nodes= takes"):
            RedisDatabase(nodes=nodes)

    def test_nodes_and_a_host(self):
        with pytest.raises(DeclarationError, match="leave out one"):
            RedisDatabase(nodes=[("h", 1)], host="h")

    def test_nobody_is_there(self):
        with pytest.raises(ServerUnreachable):
            RedisDatabase(nodes=[("127.0.0.1", 1), ("127.0.0.1", 2)], patience=0.1).connect()


class TestMoves:
    def test_a_slot_that_moved_costs_one_request_more(self, cluster, database, people):
        model = people[0]
        person = model(name="Ada", age=1)
        source = cluster.owner(slot(model))
        cluster.move_slots([slot(model)], cluster.another(source))
        seen = []
        with database.on_request(seen.append):
            assert person.age.hget() == 1
        assert [event.retry for event in seen if event.name != "topology"] == [None, "redirected"]
        with database.on_request(seen.append):
            person.age.hset(2)
        assert seen[-1].retry in (None, "noscript")

    def test_while_a_slot_is_moved_reads_go_on_and_writes_wait(self, cluster, database, people):
        model = people[0]
        person = model(name="Ada", age=1, tags=["x"])
        move = cluster.move(slot(model), cluster.another(cluster.owner(slot(model))))
        move.move_key(f"{{town:person0}}:hash:{person.pk.get()}")
        assert person.age.hget() == 1
        with database.pipeline():
            age, tags = person.age.hget(), person.tags.smembers()
        assert (age.value, tags.value) == (1, {"x"})
        impatient = RedisDatabase(nodes=cluster.addresses, patience=0.1)
        other = declared(impatient, RedisModel, 1)[0]
        with pytest.raises(ServerUnreachable):
            other(person.pk.get()).age.hset(7)
        impatient.close()
        move.finish()
        person.age.hset(2)
        assert model.collection(age=2).count() == 1
        assert model.collection(age=1).count() == 0
        assert model.check().ok

    def test_async(self, cluster):
        async def main():
            database = AsyncRedisDatabase(nodes=cluster.addresses)
            people = declared(database, AsyncRedisModel)
            ada = await asyncio.gather(*(model.create(name="Ada", age=1, tags=["x"]) for model in people))
            for model in people[:3]:
                cluster.move_slots([slot(model)], cluster.another(cluster.owner(slot(model))))
            assert await asyncio.gather(*(person.age.hincrby(1) for person in ada)) == [2] * MODELS
            async with database.pipeline():
                ages = [person.age.hget() for person in ada]
            assert [age.value for age in ages] == [2] * MODELS
            move = cluster.move(slot(people[5]), cluster.another(cluster.owner(slot(people[5]))))
            move.move_key(f"{{town:person5}}:hash:{await ada[5].pk.get()}")
            assert await ada[5].age.hget() == 2
            move.finish()
            assert await people[5].collection(age=2).count() == 1
            keys = [key async for key in database.scan_keys() if key.endswith(":pks")]
            assert len(keys) == MODELS

            async def change(_, person=ada[0]):
                await person.age.hset(9)

            await database.transaction(change, ada[0].tags)
            assert await ada[0].age.hget() == 9
            await database.close()

        asyncio.run(main())


class TestFailovers:
    def test_an_ordered_one_loses_nothing(self, replicated):
        database = RedisDatabase(nodes=replicated.addresses)
        model = declared(database, RedisModel, 1)[0]
        person = model(name="Ada", age=1)
        primary = replicated.owner(slot(model))
        replicated.fail_over(replicated.replicas(primary)[0])
        assert person.age.hincrby(1) == 2
        assert model.collection(age=2).count() == 1
        database.close()

    def test_a_killed_primary_is_waited_for(self, replicated):
        database = RedisDatabase(nodes=replicated.addresses, patience=20)
        model = declared(database, RedisModel, 1)[0]
        person = model(name="Ada", age=1)
        replicated.wait_until_settled()
        replicated.owner(slot(model)).call("WAIT", 1, 1000)
        replicated.owner(slot(model)).kill()
        assert person.age.hget() == 1
        assert person.age.hincrby(1) == 2
        assert model.check().ok
        database.close()
