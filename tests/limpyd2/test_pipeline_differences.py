"""What docs/migrating.md says of pipelines and transactions, each statement tried here."""

import threading

import pytest

from limpyd import RedisDatabase, fields, model
from limpyd.contrib import related
from limpyd.exceptions import LimpydError, NotInPipeline
from limpyd.pipelines.pending_result import Pending
from tests.support.face import Sent
from tests.support.limpyd2.differences import difference, refuses


@pytest.fixture
def people(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        name = fields.InstanceHashField(indexable=True)
        city = fields.InstanceHashField(indexable=True)

    return Person


@difference("`RelatedModel`")
def test_related_models():
    assert issubclass(model.RedisModel, related.RelatedModel)


@difference("`PipelineDatabase`")
def test_pipelines_of_limpyd_2(one_server, database, people):
    person = people(name="a")
    with database.pipeline():
        person.name.hset("b")
    assert person.name.hget() == "a"
    with Sent(one_server) as sent, database.pipeline() as pipe:
        person.name.hget()
        person.city.hget()
        assert pipe.execute() == ["a", None]
    assert sent.names == ["MULTI", "HGET", "HGET", "EXEC"]


@difference("`pipeline()` of a `RedisDatabase`")
def test_pipelines(one_server):
    plain = RedisDatabase(port=one_server.port)

    class Person(model.RedisModel):
        database = plain
        name = fields.InstanceHashField()

    person = Person(name="a")
    with plain.pipeline():
        person.name.hset("b")
    assert person.name.hget() == "b"
    with plain.pipeline(transaction=True, autoexecute=False):
        person.name.hset("c")
    assert person.name.hget() == "b"
    plain.close()


@difference("in a pipeline a field's command returns the pipeline")
def test_what_commands_return(database, people):
    person = people(name="a")
    with database.pipeline() as pipe:
        pending = person.name.hget()
        assert isinstance(pending, Pending)
        assert pipe.set("key", 1) is pipe
        pipe.execute()
    assert pending.value == "a"


@difference("`pipe.watch()`, `pipe.multi()`")
@difference("`share_in_threads=True`")
def test_what_pipelines_refuse(database, people):
    person = people(name="a")
    with database.pipeline() as pipe:
        refuses(NotInPipeline, lambda: pipe.watch(person.name))
        refuses(NotInPipeline, lambda: pipe.multi())
    refuses(NotInPipeline, lambda: database.pipeline(share_in_threads=True))


@difference("an indexed field written inside a pipeline leaves a stale entry")
def test_indexed_writes_in_pipelines(database, people):
    person = people(name="a")
    with database.pipeline() as pipe:
        person.name.hset("b")
        pipe.execute()
    assert (list(people.collection(name="a")), list(people.collection(name="b"))) == ([], ["1"])


@difference("two threads in pipelines of one database mix their commands")
def test_pipelines_of_threads(database, people):
    person, replies, ready = people(name="a", city="x"), {}, threading.Barrier(2)

    def read(name):
        with database.pipeline() as pipe:
            ready.wait(30)
            person.get_field(name)
            getattr(person, name).hget()
            ready.wait(30)
            replies[name] = pipe.execute()

    threads = [threading.Thread(target=read, args=[name]) for name in ("name", "city")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == {"name": ["a"], "city": ["x"]}


@difference("`db.transaction(func, *watches)`")
def test_transactions(one_server, database, people):
    person = people(name="a")

    def rename(pipe):
        old = person.name.hget()
        pipe.multi()
        person.name.hset(f"{old}!")

    database.transaction(rename, person.name)
    with Sent(one_server) as sent, database.transaction():
        person.name.hset("b")
        person.city.hset("c")
    assert len(sent.commands) == 1
    assert person.hmget("name", "city") == ["b", "c"]


@difference("`other.owner` passed as the value of a foreign key is read first")
def test_references_as_values(database):
    main_database = database

    class Person(related.RelatedModel):
        database = main_database
        name = fields.StringField()
        boss = related.FKStringField("self", related_name="staff")

    first = Person(boss=Person(name="x"))
    second = Person(boss=first.boss)
    assert second.boss.get() == "1"
    with database.pipeline():
        refuses(LimpydError, lambda: second.boss.set(first.boss))
