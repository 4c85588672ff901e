"""Prepared statements: what they send, and the Lua that they are made of."""

from __future__ import annotations

import gc
import tracemalloc
from functools import partial
from itertools import count

import pytest

from limpyd import (
    EqualIndex,
    InstanceHashField,
    NumberRangeIndex,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    VersionField,
)
from limpyd.exceptions import UniquenessError
from limpyd.requests.request import Request
from limpyd.statements.lua_text import literal
from limpyd.statements.prepared_requests import Prepared
from limpyd.statements.statement_cache import PREPARE_THRESHOLD, PREPARED_MAX, StatementCache


@pytest.fixture
def thing(one_server):
    with one_server.client() as client:
        client.flushall()

    class Thing(RedisModel):
        database = RedisDatabase(port=one_server.port)
        name = InstanceHashField(indexable=True)
        email = InstanceHashField(unique=True)
        text = StringField()
        tags = SetField()

    yield Thing
    Thing.database.close()


def described(bound, command, *args):
    request = getattr(type(bound), command).describe(bound, *args)
    assert isinstance(request, Prepared)
    return request


def test_any_bytes_are_a_literal(one_server):
    everything = bytes(range(256)) + b"]]'; redis.call('FLUSHALL') --\\" + "é🐍".encode()
    assert literal(everything).isascii()
    assert "\n" not in literal(everything)
    with one_server.client() as client:
        assert client.eval(f"return {literal(everything)}", 0) == everything
        assert client.eval(f"return {literal(b'')}", 0) == b""


def test_what_the_catalog_says_later_is_sent_later(thing):
    """The epoch is in what was packed once."""
    one = thing(name="a")
    for number in range(3):
        one.name.hset(f"b{number}")
        thing.clear_indexes()
        thing.rebuild_indexes()
    assert [thing.collection(name=f"b{number}").count() for number in range(3)] == [0, 0, 1]


def test_what_is_packed_is_what_is_sent_in_parts(thing):
    one = thing(name="a")
    (assumption,) = described(one.name, "hset", "x").assumes
    guard = assumption.guard()
    for values in (("x",), ("",), ("\0é",)):
        request = described(one.name, "hset", *values)
        plain = Request(request.args_under([guard]), bytes)
        assert request.packed([guard]) == plain.packed(())
    for members in ((), ("b",), tuple(map(str, range(200)))):
        request = described(one.tags, "sadd", "a", *members)
        assert request.packed([guard]) == Request(request.args_under([guard]), bytes).packed(())


def test_a_converted_one_stays_prepared(thing):
    one = thing(name="a", text="x")
    request = described(one.text, "append", "yz").then(lambda length: length * 2)
    assert isinstance(request, Prepared)
    assert thing.database._run(request) == 6
    assert request.transactional().script.name == "write"
    assert thing.database._run(request.transactional()) == 10


def test_after_another_request(thing):
    one = thing(name="a", text="x")
    request = described(one.text, "append", "y")
    assert request.after(None) is request
    before = Request((b"PING",), bytes, readonly=True)
    assert thing.database._run(request.after(before)) == 2


def test_models_that_are_alike_share_their_scripts(thing):
    class Other(RedisModel):
        database = thing.database
        namespace = "]] '\\ \n é"
        name = InstanceHashField(indexable=True)
        email = InstanceHashField(unique=True)
        text = StringField()
        tags = SetField()

    one, other = thing(name="a"), Other(name="a")
    assert (
        thing._schema.statements[thing._schema.keys.first].creation.script.sha
        == Other._schema.statements[Other._schema.keys.first].creation.script.sha
    )
    assert described(one.email, "hset", "x").script.sha == described(other.email, "hset", "x").script.sha
    other.email.hset("x")
    assert Other.collection(email="x", name="a").count() == 1
    assert thing.collection(email="x").count() == 0


def of_twenty_fields(database, number):
    """A model of 20 fields."""
    kinds = {
        "name": lambda: InstanceHashField(indexable=True),
        "count": lambda: InstanceHashField(type=int, indexable=True),
        "text": lambda: StringField(unique=True),
        "note": StringField,
    }
    fields = {f"{kind}{at}": make() for kind, make in kinds.items() for at in range(5)}
    return type(f"Used{number}", (RedisModel,), {"database": database, **fields})


def use_all(model):
    """Makes all its statements."""
    fields = model._schema.value_fields
    (where,) = model._schema.keys.partitions
    for field in model._schema.value_fields.values():
        place = field.place_in(where)
        commands = ("HSET", "HDEL", "HINCRBY") if isinstance(field, InstanceHashField) else ("SET", "DEL", "APPEND")
        place.statements.update({command: field.prepared(where, place, command) for command in commands})
    statements = model._schema.statements[model._schema.keys.first]
    for first in range(2 * PREPARED_MAX):
        for _ in range(PREPARE_THRESHOLD + 1):
            statements.update("update", dict.fromkeys(list(fields)[first % 16 : first % 16 + 2 + first % 3], "1"))
    assert None not in (statements.creation, statements.deletion)
    assert len(statements._updates) == PREPARED_MAX


def test_they_take_little_memory():
    """What fields that are alike share is of the first model."""
    database = RedisDatabase()
    one, other = of_twenty_fields(database, 1), of_twenty_fields(database, 2)
    use_all(one)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        use_all(other)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 100_000
    finally:
        tracemalloc.stop()


HOSTILE = ["'", '"', "\\", "\n", "]]", "--[[", "$key", "$pk", "%", "é🐍"]


@pytest.mark.parametrize("odd", HOSTILE, ids=repr)
def test_names_are_no_lua(one_server, odd, monkeypatch):
    """Of a namespace and of a model, in each kind of statement."""
    monkeypatch.setattr("limpyd.schema.statements.StatementCache", partial(StatementCache, threshold=0))

    class Odd(RedisModel):
        database = RedisDatabase(port=one_server.port)
        namespace = f"a{odd}"
        model_name = f"b{odd}"
        name = InstanceHashField(indexable=True)
        email = InstanceHashField(unique=True)
        size = InstanceHashField(type=float, indexes=[EqualIndex, NumberRangeIndex])
        text = StringField(unique=True)
        count = StringField(type=int, indexable=True)
        tags = SetField(indexable=True)
        version = VersionField()

    one, other = Odd(name="a", email="x", tags=["t"], count=1), Odd(email="y", text="tx")
    one.name.hset("b")
    one.size.hset(2.5)
    one.count.incr(4)
    one.tags.sadd("u")
    assert one.update(name="c", text="t", count=None) == 2
    one.hmset(name="d", size=1.5)
    with pytest.raises(UniquenessError):
        one.email.hset("y")
    with pytest.raises(UniquenessError):
        one.text.append("x")
    with pytest.raises(UniquenessError):
        one.update(name="e", text="tx")
    assert Odd.collection(name="d", size=1.5, email="x", text="t").count() == 1
    assert list(Odd.check()) == []
    one.hdel("name", "size")
    one.delete()
    other.delete()
    assert {key for key in Odd.database.scan_keys() if not key.endswith((":meta", ":seq"))} == set()
    Odd.database.close()


def test_a_lost_script_costs_one_more_request(thing, one_server):
    one = thing(name="a")
    one.name.hset("b")
    with one_server.client() as client:
        client.script_flush()
        before = client.info("commandstats")
        one.name.hset("c")
        thing(name="d")
        after = client.info("commandstats")
    for command in ("cmdstat_evalsha", "cmdstat_eval"):
        assert after[command]["calls"] - before.get(command, {"calls": 0})["calls"] == 2
    assert sorted(thing.collection().values_list("name", flat=True)) == ["c", "d"]


@pytest.mark.parametrize("fields", [50, 51, 120])
@pytest.mark.parametrize("kind", [StringField, InstanceHashField])
def test_models_of_many_fields(one_server, fields, kind):
    """What a function of Lua has no room for the general scripts do."""
    with one_server.client() as client:
        client.flushall()
    indexed = {f"u{number}": kind(unique=True) for number in range(40)}
    plain = {f"f{number}": kind() for number in range(fields - 40)}
    many = type("Many", (RedisModel,), {"database": RedisDatabase(port=one_server.port), **indexed, **plain})
    assert (many._schema.statements[many._schema.keys.first].creation is not None) is (fields == 50)
    values = {name: f"{name} é" for name in [*indexed, *plain]}
    one, other = many(**values), many(f0="x")
    with pytest.raises(UniquenessError):
        many(**values)
    assert many.collection(**{name: f"{name} é" for name in indexed}).count() == 1
    assert list(many.check()) == []
    one.delete()
    assert many.collection().count() == 1
    other.delete()
    assert {key for key in many.database.scan_keys() if not key.endswith((":meta", ":seq"))} == set()
    many.database.close()


def test_a_default_is_made_once(one_server):
    """Also where a transaction takes the general script's request instead of the statement's."""
    numbers = count()
    database = RedisDatabase(port=one_server.port)
    with one_server.client() as client:
        client.flushall()
    transform = EqualIndex(transform=lambda value: value[:1])
    options = {"default": lambda: f"n{next(numbers)}"}
    for name, field in (
        ("Prepared", StringField(**options)),
        ("General", StringField(indexes=[transform], **options)),
    ):
        model = type(name, (RedisModel,), {"database": database, "text": field, "plain": StringField()})
        before = next(numbers)
        model(plain="x")
        with database.transaction():
            model(plain="y")
        with database.pipeline():
            model(plain="z")
        assert next(numbers) == before + 4
        assert sorted(model.collection().values_list("text", flat=True)) == [f"n{before + each}" for each in (1, 2, 3)]
    nothing = type("Nothing", (RedisModel,), {"database": database, "text": StringField(default=lambda: None)})
    assert nothing()._pk is None
    database.close()
