"""What limpyd 2's documentation says of databases and of pipelines, statement by statement."""

import threading

import pytest

from limpyd import fields, model
from limpyd.contrib.database import PipelineDatabase
from limpyd.database import RedisDatabase
from limpyd.exceptions import ImplementationError
from limpyd.indexes import EqualIndex, NumberRangeIndex


def test_settings_are_those_of_redis_py(one_server):
    main_database = RedisDatabase(host="localhost", port=one_server.port, db=0, socket_timeout=5)
    assert main_database.connection.ping()
    main_database.connection.set("key", "é")
    assert main_database.connection.get("key") == "é"  # it decodes
    main_database.connection.close()


def test_the_readme_takes_all_from_the_module_of_models(one_server):
    main_database = model.RedisDatabase(host="localhost", port=one_server.port, db=0)

    class Bike(model.RedisModel):
        database = main_database

        name = model.InstanceHashField(indexable=True, unique=True)
        color = model.InstanceHashField()
        wheels = model.StringField(default=2)

    mountainbike = Bike(name="mountainbike")
    assert mountainbike.wheels.get() == "2"
    mountainbike.name.hset("tricycle")
    tricycle = Bike(Bike.collection(name="tricycle")[0])
    assert tricycle.hmset(color="blue")
    assert tricycle.hmget("color", "name") == ["blue", "tricycle"]
    main_database.connection.close()


def test_connect_and_reset(one_server):
    """A database that is made before its settings are known; the models stay on it."""
    main_database = RedisDatabase(host="localhost", port=1, db=0)

    class Example(model.RedisModel):
        database = main_database
        foo = fields.StringField()

    main_database.reset(host="localhost", port=one_server.port, db=1)
    assert Example(foo="FOO").foo.get() == "FOO"
    main_database.connect(host="localhost", port=one_server.port, db=1)
    assert main_database.connection.get(Example(1).foo.key) == "FOO"
    main_database.connection.close()


def test_two_models_of_one_name_need_two_databases(one_server, database):
    main_database, other_database = database, RedisDatabase(host="localhost", port=one_server.port, db=1)

    class Example(model.RedisModel):
        database = main_database
        foo = fields.StringField()

    first = Example

    def another_of_that_name():
        class Example(model.RedisModel):
            database = main_database
            foo = fields.StringField()

        return Example

    with pytest.raises(ImplementationError):
        another_of_that_name()

    class Example(model.RedisModel):
        database = other_database
        foo = fields.StringField()

    first(foo="one")
    Example(foo="two")
    assert (first(1).foo.get(), Example(1).foo.get()) == ("one", "two")
    other_database.connection.close()


def test_scan_keys(database):
    database.connection.mset({f"some:{number}": "x" for number in range(30)} | {"other": "x"})
    assert set(database.scan_keys("some:*", count=5)) == {f"some:{number}" for number in range(30)}
    assert "other" in set(database.scan_keys())


def test_redis_version(database):
    assert database.redis_version >= (7, 0)
    assert all(isinstance(number, int) for number in database.redis_version)


def test_default_indexes_of_a_database(one_server):
    class Numbers(PipelineDatabase):
        default_indexes = [NumberRangeIndex]  # noqa: RUF012 - as the documentation writes it

    main_database = Numbers(host="localhost", port=one_server.port, db=0)

    class Example(model.RedisModel):
        database = main_database
        size = fields.InstanceHashField(indexable=True)
        name = fields.InstanceHashField(indexable=True, indexes=[EqualIndex])

    class Texts(model.RedisModel):
        database = main_database
        default_indexes = [EqualIndex]  # noqa: RUF012 - as the documentation writes it
        name = fields.InstanceHashField(indexable=True)

    for size in (9, 10, 11):
        Example(size=size, name="x")
    assert sorted(Example.collection(size__gt=9)) == ["2", "3"]
    with pytest.raises(ImplementationError):
        list(Example.collection(name__gt="a"))
    with pytest.raises(ImplementationError):
        list(Texts.collection(name__gt="a"))
    main_database.connection.close()


# --- pipelines ---


@pytest.fixture
def person_model(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database

        name = fields.StringField()
        city = fields.StringField()

    return Person


def test_reads_in_a_pipeline_come_with_execute(database, person_model):
    person = person_model(name="Jean Dupond", city="Paris")
    with database.pipeline() as pipe:
        person.name.get()
        person.city.get()
        result = pipe.execute()
    assert result == ["Jean Dupond", "Paris"]


def test_writes_in_a_pipeline_come_with_execute(database, person_model):
    person = person_model(name="Jean", city="Paris")
    with database.pipeline() as pipe:
        person.name.set("Marc")
        person.city.set("Lyon")
        pipe.execute()
    assert (person.name.get(), person.city.get()) == ("Marc", "Lyon")


def test_without_a_transaction(database, person_model):
    person = person_model(name="Jean", city="Paris")
    with database.pipeline(transaction=False) as pipe:
        person.name.get()
        assert pipe.execute() == ["Jean"]


def test_raw_commands_of_the_pipe(database, person_model):
    person = person_model(name="Jean", city="Paris")
    with database.pipeline() as pipe:
        pipe.set("raw", "x")
        person.name.get()
        pipe.get("raw")
        assert pipe.execute() == [True, "Jean", "x"]


def test_transactions(database, person_model):
    person = person_model(name="Jean", city="Paris")

    def update_city(pipe):
        old_city = person.city.get()
        pipe.multi()
        person.city.set(f"New {old_city}")

    assert database.transaction(update_city, person.city) == [True]
    assert person.city.get() == "New Paris"


def test_transactions_are_tried_again(database, person_model):
    person = person_model(name="Jean", city="Paris")
    tries = []

    def update_city(pipe):
        old_city = person.city.get()
        if not tries:
            other = threading.Thread(target=lambda: person_model(1).city.set("Rome"))
            other.start()
            other.join()
        tries.append(old_city)
        pipe.multi()
        person.city.set(f"New {old_city}")

    database.transaction(update_city, person.city)
    assert tries == ["Paris", "Rome"]
    assert person.city.get() == "New Rome"


def test_threads_without_a_pipeline_of_their_own(database, person_model):
    person = person_model(name="Jean", city="Paris")
    with database.pipeline() as pipe:
        person.name.get()
        found = []
        other = threading.Thread(target=lambda: found.append(person.city.get()))
        other.start()
        other.join()
        assert found == ["Paris"]
        assert pipe.execute() == ["Jean"]


def test_a_block_that_is_left_without_execute_sends_nothing(database, person_model):
    person = person_model(name="Jean", city="Paris")
    with database.pipeline():
        person.name.set("Marc")
    assert person.name.get() == "Jean"
