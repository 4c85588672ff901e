"""What a process knows of the indexes of a model may be old; nothing wrong may come of it."""

from __future__ import annotations

import pytest

from limpyd import EqualIndex, FKStringField, InstanceHashField, PKField, StringField
from limpyd.exceptions import IndexNotBuilt, LimpydError
from limpyd.indexes.maintenance import requests
from limpyd.indexes.maintenance.catalog import Assumed
from tests.faults.programs.stale_catalogs import interleaved


def test_any_order_of_exchanges(one_server):
    done = interleaved(one_server, 3, 30) + interleaved(one_server, 4, 30)
    assert done["judged"] > 30
    assert done["IndexNotBuilt"] > 10


@pytest.fixture
async def version(any_face):
    """Declares a version of the model Person on a database object of its own, as another process would."""
    made = []

    def declare(**fields):
        database = any_face.Database(port=any_face.server.port)
        made.append(database)
        return type(any_face.Model)("Person", (any_face.Model,), {"database": database, **fields})

    yield declare
    for database in made:
        await any_face.do(database.close())


def indexed():
    return {"name": StringField(indexable=True)}


async def test_another_process_clears_an_index(any_face, version):
    ours, theirs = version(**indexed()), version(**indexed())
    await any_face.do(ours.create(name="a"))
    assert await any_face.all(ours.collection(name="a")) == ["1"]
    await any_face.do(theirs.clear_indexes())
    await any_face.refused(IndexNotBuilt, lambda: ours.collection(name="a").count())
    await any_face.do(theirs.rebuild_indexes())
    assert await any_face.all(ours.collection(name="a")) == ["1"]


async def test_the_server_comes_back_with_older_data(any_face, version):
    await any_face.do(version(name=StringField()).create(name="a"))
    ours = version(**indexed())
    await any_face.do(ours.create(name="b"))
    older = {key: any_face.client.dump(key) for key in any_face.client.scan_iter()}
    await any_face.do(ours.rebuild_indexes())
    assert await any_face.all(ours.collection(name="a")) == ["1"]
    any_face.client.flushall()
    for key, dumped in older.items():
        any_face.client.restore(key, 0, dumped)
    await any_face.refused(IndexNotBuilt, lambda: ours.collection(name="a").count())
    await any_face.do(ours.create(name="c"))
    await any_face.refused(IndexNotBuilt, lambda: ours.collection(name="c").count())


async def test_a_flushed_server(any_face, version):
    ours = version(name=InstanceHashField(unique=True))
    await any_face.do(ours.create(name="a"))
    any_face.client.flushall()
    assert await any_face.all(ours.collection(name="a")) == []
    await any_face.do(ours.create(name="b"))
    theirs = version(name=InstanceHashField(unique=True))
    assert await any_face.all(theirs.collection(name="b")) == ["1"]


async def test_older_code_goes_on_writing(any_face, version):
    old, new = version(name=StringField()), version(**indexed())
    await any_face.do(old.create(name="a"))
    await any_face.do(new.rebuild_indexes())
    assert await any_face.all(new.collection(name="a")) == ["1"]
    await any_face.do(old.create(name="b"))
    await any_face.refused(IndexNotBuilt, lambda: new.collection(name="b").count())


async def test_a_rebuild_that_older_code_interrupts(any_face, version, monkeypatch):
    monkeypatch.setattr(requests, "CHUNK", 1)
    old, new = version(name=StringField()), version(**indexed())
    for number in range(5):
        await any_face.do(old.create(name=str(number)))
    client = any_face.client

    def interrupt(*_):
        client.hdel("{person}:meta", "rebuilding:eq:name")  # as a declaration without the index does

    error = await any_face.refused(IndexNotBuilt, lambda: new.rebuild_indexes(progress=interrupt))
    assert "stop that process first" in error.__notes__[0]
    await any_face.do(new.rebuild_indexes())
    assert await any_face.all(new.collection(name="3")) == ["4"]


async def test_what_it_costs(any_face, version):
    """A change of the catalog costs each process two requests more, once."""
    ours, theirs = version(**indexed()), version(**indexed())
    one = await any_face.do(ours.create(name="a"))
    await any_face.do(one.name.set("a"))
    for _ in range(2):  # first, the server gets to know the scripts
        await any_face.do(theirs.rebuild_indexes())
        await any_face.do(ours.collection(name="a").count())
        await any_face.do(theirs.rebuild_indexes())
        await any_face.do(one.name.set("a"))
    await any_face.do(theirs.rebuild_indexes())
    for names in (["EVALSHA", "EVALSHA", "EVALSHA"], ["EVALSHA"]):
        with any_face.sent() as sent:
            await any_face.do(one.name.set("b"))
        assert sent.names == names
    await any_face.do(theirs.rebuild_indexes())
    for names in (["SCARD", "EVALSHA", "SCARD"], ["SCARD"]):
        with any_face.sent() as sent:
            await any_face.do(ours.collection(name="b").count())
        assert sent.names == names


async def test_in_pipelines_and_transactions(any_face, version):
    """What was refused is sent again, and what was read behind it is read again."""
    ours, theirs = version(**indexed()), version(**indexed())
    one = await any_face.do(ours.create(name="a"))
    database = ours.database
    for block in (database.pipeline, database.transaction):
        await any_face.do(theirs.rebuild_indexes())
        pipe = block()
        if any_face.is_async:
            async with pipe:
                one.name.set("b")
                read, found = one.name.get(), ours.collection(name="b").count()
        else:
            with pipe:
                one.name.set("b")
                read, found = one.name.get(), ours.collection(name="b").count()
        assert (read.value, found.value) == ("b", 1)
        await any_face.do(one.name.set("a"))


@pytest.mark.parametrize("forgets", [True, False])
async def test_writes_of_a_pipeline_keep_their_order_while_other_threads_ask(any_face, version, monkeypatch, forgets):
    ours, theirs = version(**indexed()), version(**indexed())
    one = await any_face.do(ours.create(name="a"))
    await any_face.do(one.name.set("a"))
    known = ours._schema.maintenance.at(ours._schema.keys.first).catalog
    await any_face.do(theirs.rebuild_indexes())
    ours._schema.maintenance.forget()
    await any_face.do(one.name.set("b"))
    pipe = ours.database.pipeline()
    asked, guard = [], Assumed.guard

    def while_a_thread_asks(assumed):
        asked.append(assumed)
        # The first look is for what has to be asked, the second at the first of those that are sent.
        if len(asked) == 2:
            return None if forgets else known.guard
        return guard(assumed)

    def write():
        one.name.set("first")
        one.name.set("last")
        ours.collection(name="last").count()  # as long as all is packed already, nobody looks
        monkeypatch.setattr(Assumed, "guard", while_a_thread_asks)

    if any_face.is_async:
        async with pipe:
            write()
    else:
        with pipe:
            write()
    assert len(asked) > 2
    assert await any_face.do(one.name.get()) == "last"


async def test_a_catalog_of_another_type(any_face, version):
    ours = version(**indexed())
    one = await any_face.do(ours.create(name="a"))
    await any_face.do(one.name.get())
    any_face.client.delete("{person}:meta")
    any_face.client.set("{person}:meta", "x")
    others = version(**indexed())
    for call in (
        lambda: one.name.set("b"),
        lambda: ours.collection(name="a").count(),
        lambda: others.collection(name="a").count(),
        lambda: others.create(name="c"),
        one.delete,
    ):
        await any_face.refused(LimpydError, call, match="(?s)person}:meta.*should be a hash.*rename or delete")
    any_face.client.delete("{person}:meta")
    await any_face.do(ours.rebuild_indexes())
    assert await any_face.all(ours.collection(name="a")) == ["1"]


@pytest.mark.parametrize("as_a_whole", [True, False])
async def test_a_rebuild_in_a_form_that_another_process_has_replaced(any_face, version, monkeypatch, as_a_whole):
    monkeypatch.setattr(requests, "CHUNK", 1)
    folded = EqualIndex.configure(transform=str.lower, name="Folded")
    plain, lower = version(**indexed()), version(name=StringField(indexes=[folded]))
    await any_face.do(lower.create(name="Ada"))  # it has declared its form
    await any_face.do(plain.create(name="Bob"))
    await any_face.do(plain.rebuild_indexes())
    assert await any_face.all(plain.collection(name="Ada")) == ["1"]
    rebuilds = lower if as_a_whole else lower.get_field("name")
    met = []

    def catalog(*_):
        met.append(any_face.client.hget("{person}:meta", "eq:name"))

    await any_face.do(rebuilds.rebuild_indexes(progress=catalog))
    assert set(met[:-1]) == {b"-"}  # meanwhile it is built in neither form
    assert sorted(await any_face.all(lower.collection(name="bob"))) == ["2"]
    await any_face.refused(IndexNotBuilt, lambda: plain.collection(name="ada").count())


@pytest.mark.parametrize("query", ["native", "script", "pipeline"])
async def test_a_catalog_that_is_removed_by_hand(any_face, version, query):
    """What was so before there were objects is not so again, only because the catalog is gone again."""
    ours, older = version(**indexed()), version(name=StringField())
    pipe = ours.database.pipeline

    async def found():
        if query == "native":
            return await any_face.do(ours.collection(name="a").count())
        if query == "script":
            return await any_face.do(ours.collection(name="a").exclude(pk="none").count())
        if any_face.is_async:
            async with pipe():
                counted = ours.collection(name="a").count()
        else:
            with pipe():
                counted = ours.collection(name="a").count()
        return counted.value

    for _ in range(2):
        assert await found() == 0
    await any_face.do(older.create(name="a"))
    any_face.client.delete("{person}:meta")
    await any_face.refused(IndexNotBuilt, found)
    assert any_face.client.exists("{person}:meta") == 0  # who reads writes nothing
    await any_face.do(ours.rebuild_indexes())
    assert await found() == 1
    any_face.client.hdel("{person}:meta", ":epoch")
    for _ in range(2):
        assert await found() == 1


async def test_a_reader_of_an_empty_model_asks_once(any_face, version):
    ours = version(**indexed())
    await any_face.do(ours.collection(name="a").count())
    for query in (ours.collection(name="a"), ours.collection(name="a").exclude(pk="none")):
        await any_face.do(query.count())
        with any_face.sent() as sent:
            await any_face.do(query.count())
        assert len(sent.names) == 1
    assert any_face.keys() == set()


async def test_a_name_that_a_rename_forgets_is_another_epoch(any_face, version):
    old, new = version(**indexed()), version(label=StringField(indexable=True))
    await any_face.do(old.create(name="a"))
    with any_face.sent() as sent:
        await any_face.do(new.rename_field("name", "label"))
    assert not any("HDEL" in command for command in sent.names)
    assert set(any_face.client.hkeys("{person}:meta")) == {b":keys", b":epoch", b"eq:label"}
    schema = new._schema
    forgotten = []
    for _ in range(2):
        before = any_face.client.hget("{person}:meta", ":epoch")
        await any_face.do(new.database._run(requests.forget(schema, schema.keys.partitions[0], [b"eq:label"])))
        forgotten.append(before != any_face.client.hget("{person}:meta", ":epoch"))
    assert forgotten == [True, False]


@pytest.fixture
async def related(any_face):
    """Declares two models of which one refers to the other, as another process would."""
    made = []

    def declare(**fields):
        database = any_face.Database(port=any_face.server.port)
        made.append(database)
        base, settings = any_face.Model, {"database": database, "code": PKField(), **indexed()}
        town = type(base)("Town", (base,), {"database": database, "code": PKField(), **fields})
        person = type(base)("Person", (base,), {**settings, "town": FKStringField(town)})
        return town, person

    yield declare
    for database in made:
        await any_face.do(database.close())


async def test_writes_of_a_pipeline_keep_their_order_among_models(any_face, related):
    """What rests on a write that is sent again is sent again behind it, whichever models both are of."""
    (town, person), (their_town, _) = related(**indexed()), related(**indexed())
    await any_face.do(town.create(code="rome", name="Rome"))
    await any_face.do(person.create(code="ada", town="rome"))
    await any_face.do(their_town.rebuild_indexes())  # so what this process knows of towns is outdated
    some = person.lazy_connect("ada")

    def write():
        town.create(code="paris", name="Paris")
        some.town.set("paris")
        some.name.set("found")

    pipe = town.database.pipeline()
    if any_face.is_async:
        async with pipe:
            write()
    else:
        with pipe:
            write()
    assert await any_face.do(some.town.get()) == "paris"
    await any_face.do(their_town.rebuild_indexes())

    def delete():
        town.lazy_connect("paris").delete()  # needs to know both models
        some.town.set("rome")

    pipe = town.database.pipeline()
    if any_face.is_async:
        async with pipe:
            delete()
    else:
        with pipe:
            delete()
    assert await any_face.do(some.town.get()) == "rome"
