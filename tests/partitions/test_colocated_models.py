"""Models in the partitions of another one: where their objects are, and what is one step among them."""

from __future__ import annotations

import re

import pytest

from limpyd import FKInstanceHashField, InstanceHashField, PKField
from limpyd.exceptions import (
    DifferentPartitions,
    InvalidPrimaryKey,
    InvalidValue,
    NotInPipeline,
    RelatedDoesNotExist,
    RestrictedError,
    UnsupportedCommand,
)
from tests.support.blocks import block
from tests.support.colocated import family, number_of

COUNT = 4
ORDERS = 12


@pytest.fixture
def shop(any_face):
    return family(any_face.Model, any_face.database, COUNT)


@pytest.fixture
async def orders(any_face, shop):
    """Orders in all partitions, each with two lines."""
    made = [await any_face.do(shop.Order.create(status="new", total=number)) for number in range(ORDERS)]
    for order in made:
        for number in range(2):
            await any_face.do(shop.Line.create(order=order, sku=f"s{number}", labels=["x"]))
    assert {number_of(order) for order in made} == set(range(COUNT))
    return made


def elsewhere(orders, order):
    """An order in another partition."""
    return next(other for other in orders if number_of(other) != number_of(order))


async def keys_of(face, model):
    """The keys of a model, as a scan finds them."""
    for key in await face.all(model.scan_model_keys()):
        yield key


async def lines_of(face, order):
    return await face.do(order.lines().instances().sort().all())


async def test_objects_are_beside_those_that_they_refer_to(any_face, shop, orders):
    for order in orders:
        lines = await lines_of(any_face, order)
        assert [number_of(line) for line in lines] == [number_of(order)] * 2
        note = await any_face.do(shop.Note.create(line=lines[0], about=[order]))
        answer = await any_face.do(shop.Note.create(answers=note))
        assert number_of(note) == number_of(answer) == number_of(order)
    report = await any_face.do(any_face.database.check())
    assert list(report) == []
    assert report.objects == ORDERS * 5


async def test_keys_of_different_models_are_told_apart(any_face, shop, orders):
    await any_face.do(shop.Note.create(line=(await lines_of(any_face, orders[0]))[0]))
    models = (shop.Order, shop.Line, shop.Note)
    found = {model: {key async for key in keys_of(any_face, model)} for model in models}
    every = {key.decode("utf-8", "surrogateescape") for key in any_face.client.scan_iter()}
    assert set.union(*found.values()) == every
    assert sum(map(len, found.values())) == len(every)
    assert {re.sub(r"[.\d]+}", "}", key).partition(":pks")[0] for key in every if key.endswith("pks")} == {
        "{shop:order:}",
        "{shop:order:}line",
        "{shop:order:}note",
    }


REQUESTS = {
    1: [
        lambda shop, order, line: shop.Line.create(order=order, sku="b", text="c"),
        lambda shop, order, line: line.order.hset(order),
        lambda shop, order, line: line.update(order=order, sku="d"),
        lambda shop, order, line: order.lines().count(),
        lambda shop, order, line: order.lines(sku="s0").instances().sort().all(),
        lambda shop, order, line: shop.Line.collection(order__in=[order], sku="s0").count(),
        lambda shop, order, line: shop.Line.collection(order__pk=order.pk).count(),
        lambda shop, order, line: order.lines.sadd(line),
        lambda shop, order, line: shop.Line.get_or_create(order=order, sku="s7"),
        lambda shop, order, line: shop.Line.exists(order=order, sku="s1"),
        lambda shop, order, line: shop.Line.get(order=order, sku="s1"),
        lambda shop, order, line: line.delete(),
        lambda shop, order, line: order.delete(),
    ],
    COUNT: [
        lambda shop, order, line: shop.Line.collection(order__status="new").count(),
        lambda shop, order, line: shop.Line.collection(order__status="new").sort("order__total").values("sku").all(),
    ],
}


async def test_requests(any_face, shop, orders):
    """Counted once the catalogs and the scripts are known."""
    order = orders[0]
    other = next(each for each in orders[1:] if number_of(each) == number_of(order))
    for each, is_counted in ((other, False), (order, True)):
        line = (await lines_of(any_face, each))[0]
        for count, calls in reversed(REQUESTS.items()):
            for number, call in enumerate(calls):
                with any_face.sent() as sent:
                    await any_face.do(call(shop, each, line))
                assert not is_counted or len(sent.commands) == count, (number, sent.commands)


async def test_only_the_partitions_of_the_named_objects_are_asked(any_face, shop, orders):
    first, second = orders[0], elsewhere(orders, orders[0])
    for some in ([first], [first, second], [second, 999], [first, second, first]):
        found = shop.Line.collection(order__in=some)
        lines = [await lines_of(any_face, order) for order in dict.fromkeys(some) if order != 999]
        expected = sorted(line._pk_bytes.decode() for each in lines for line in each)
        assert sorted(await any_face.do(found.all())) == expected
        for _ in range(3):  # from a template, the last time
            assert await any_face.do(shop.Line.collection(order=some[-1], sku="s0").count()) == 1 - (some[-1] == 999)
    explained = await any_face.do(first.lines().explain())
    assert explained.asks.startswith(f"1 of {COUNT} partitions")
    either = (shop.Line.order == first) | (shop.Line.order == second)
    assert await any_face.do(shop.Line.collection(either).count()) == 4
    assert await any_face.do(shop.Line.collection(~(shop.Line.order == first)).count()) == 2 * ORDERS - 2
    assert await any_face.do(shop.Line.collection(order__total__lt=3).count()) == 6


async def test_a_partition_is_asked_for_its_own_objects_only(any_face, shop, orders):
    by_partition = {number: [order for order in orders if number_of(order) == number] for number in range(COUNT)}

    async def sizes(each):
        """The numbers of arguments for some orders of each partition."""
        some = [order for own in by_partition.values() for order in own[:each]]
        for _ in range(2):  # the scripts are known the second time
            with any_face.sent() as sent:
                assert await any_face.do(shop.Line.collection(order__in=some, sku="s0").count()) == len(some)
        return sorted(map(len, sent.commands))

    two, three = await sizes(2), await sizes(3)
    assert [more - less for less, more in zip(two, three, strict=True)] == [1] * COUNT


async def test_objects_elsewhere_are_refused(any_face, shop, orders):
    order, other = orders[0], elsewhere(orders, orders[0])
    line, *_ = await lines_of(any_face, order)
    before = any_face.keys()
    here, there = f"in partition {number_of(order)}", f"in partition {number_of(other)} of {COUNT}"
    for call in (
        lambda: line.order.hset(other),
        lambda: line.update(order=other),
        lambda: line.hmset(order=other),
        lambda: shop.Line.collection(pk=line.pk).update(order=other),
        lambda: shop.Note.create(line=line, about=[other]),
        lambda: order.main_line.set("1" if number_of(order) else "2"),
    ):
        error = await any_face.refused(InvalidValue, call)
        assert here in str(error)
        assert re.search(r"is in partition \d of 4", str(error))
    error = await any_face.refused(InvalidValue, lambda: other.lines.sadd(line))
    assert here in str(error)
    assert f"in partition {number_of(other)}" in str(error)
    error = await any_face.refused(InvalidValue, lambda: shop.Note.create(line=line, answers=_pk_in(other)))
    assert "Note.line" in str(error)
    assert "Note.answers" in str(error)
    await any_face.refused(RelatedDoesNotExist, lambda: shop.Line.create(order=_pk_in(other) + 400))
    assert any_face.keys() == before
    assert there


def _pk_in(order):
    """A number whose partition is that of an order."""
    return number_of(order) + 1


async def test_a_new_object_names_its_partition(any_face, shop):
    unsaved = await any_face.do(shop.Line.create())
    for call in (
        lambda: shop.Line.create(sku="x"),
        lambda: unsaved.sku.hset("x"),
        lambda: unsaved.labels.sadd("x"),
        lambda: unsaved.order.hset(1),
    ):
        await any_face.refused(InvalidValue, call, match=r"create it with Line\(order=…, …\)")
    await any_face.refused(UnsupportedCommand, lambda: shop.Line.get_or_create(sku="x"), match="pass order as well")


async def test_deletions_are_one_step(any_face, shop, orders):
    order, other = orders[:2]
    line, second = await lines_of(any_face, order)
    note = await any_face.do(shop.Note.create(line=line, about=[order]))
    await any_face.refused(RestrictedError, order.delete)
    assert await any_face.do(order.lines().count()) == 2
    await any_face.do(note.delete())
    note = await any_face.do(shop.Note.create(line=(await lines_of(any_face, other))[0]))
    await any_face.do(order.main_line.set(line))
    await any_face.do(line.delete())
    assert await any_face.do(order.main_line.get()) is None
    with any_face.sent() as sent:
        await any_face.do(order.delete())
    assert len(sent.commands) == 1
    assert await any_face.do(second.pk.exists()) is False
    assert await any_face.do(shop.Line.collection().count()) == 2 * ORDERS - 2
    await any_face.refused(RestrictedError, lambda: shop.Order.collection().delete())
    await any_face.do(note.delete())
    await any_face.do(shop.Order.collection().delete())
    assert await any_face.do(shop.Line.collection().count()) == 0
    assert list(await any_face.do(any_face.database.check())) == []


WRITES = {
    "create": lambda shop, order, line: shop.Line.create(order=order, sku="new"),
    "hset": lambda shop, order, line: line.order.hset(order),
    "hmset": lambda shop, order, line: line.hmset(order=order, sku="x"),
    "update": lambda shop, order, line: line.update(order=order, sku="x"),
    "update of a collection": lambda shop, order, line: shop.Line.collection(pk=line).update(order=order),
    "sadd": lambda shop, order, line: shop.Note.lazy_connect("2").about.sadd(order),
    "the reverse side": lambda shop, order, line: order.lines.sadd(line),
    "get_or_create": lambda shop, order, line: shop.Line.get_or_create(order=order, sku="got"),
    "bulk_create": lambda shop, order, line: shop.Line.bulk_create([{"order": order, "sku": sku} for sku in "xyz"]),
    "bulk_create of one": lambda shop, order, line: shop.Line.bulk_create([{"order": order, "sku": "x"}]),
    "bulk_update": lambda shop, order, line: shop.Line.bulk_update([(line, {"order": order})]),
}


OF_MANY = {"update of a collection", "bulk_create", "bulk_create of one", "bulk_update"}


@pytest.mark.parametrize("kind", ["", "pipeline", "transaction"])
async def test_writes_wait_for_deletions_that_ask_others(any_face, shop, orders, kind):
    """One was killed while it asked; whoever wants to refer to the object calls it off."""

    class Seal(any_face.Model):
        database = any_face.database
        namespace = "shop"
        order = FKInstanceHashField(shop.Order, on_delete="restrict", related_name="seals")

    with pytest.raises(NotInPipeline, match="whose deletion may have to be waited for"):
        async with block(any_face, any_face.database.pipeline(transaction=True)):
            shop.Line.create(order=orders[0], sku="new")
    order, other, *_ = [order for order in orders if number_of(order) == 1]
    line = (await lines_of(any_face, other))[0]
    await any_face.do(shop.Note.create(line=line))
    own = shop.Order._schema.keys.partition(order._pk_bytes)
    for name in [name for name in WRITES if not (kind and name in OF_MANY)]:
        await any_face.do(line.order.hset(other))
        any_face.client.hset(own.closing, order._pk_bytes, b"A" * 8 + bytes(6))
        if kind:
            async with block(any_face, getattr(any_face.database, kind)()):
                WRITES[name](shop, order, line)
                other.status.hset(name)
            assert await any_face.do(other.status.hget()) == name
        else:
            await any_face.do(WRITES[name](shop, order, line))
        assert not any_face.client.exists(own.closing), name
    assert (await any_face.do(any_face.database.check())).ok


async def test_transactions(any_face, shop, orders):
    order, other = orders[0], elsewhere(orders, orders[0])
    line, _ = await lines_of(any_face, order)
    async with block(any_face, any_face.database.transaction()):
        order.status.hset("paid")
        line.sku.hset("sold")
        made = shop.Line.create(order=order, sku="gift")
    made = made if isinstance(made, shop.Line) else made.value
    assert number_of(made) == number_of(order)
    assert await any_face.do(order.lines(sku__in=["sold", "gift"]).count()) == 2
    async with block(any_face, any_face.database.transaction()):
        order_made = shop.Order.create(status="both")
        shop.Line.create(order=order_made, sku="both")
    assert await any_face.do(shop.Line.collection(order__status="both", sku="both").count()) == 1
    async with block(any_face, any_face.database.transaction()):
        beside = shop.Line.create(order=order_made, sku="third")
        shop.Note.create(line=beside, about=[order_made])
    assert await any_face.do(shop.Note.collection(line__sku="third", about=order_made).count()) == 1
    for call in (lambda: other.status.hset("x"), lambda: shop.Line.create(order=other, sku="x")):
        with pytest.raises(NotInPipeline, match="not in one partition"):
            async with block(any_face, any_face.database.transaction()):
                order.status.hset("never")
                call()
    assert await any_face.do(order.status.hget()) == "paid"
    assert await any_face.do(line.labels.sunion((await lines_of(any_face, order))[1].labels)) == {"x"}


async def test_pipelines_create_in_many_partitions(any_face, shop, orders):
    async with block(any_face, any_face.database.pipeline()):
        for order in orders:
            shop.Line.create(order=order, sku="piped")
    assert await any_face.do(shop.Line.collection(sku="piped").count()) == ORDERS
    for order in orders:
        assert await any_face.do(order.lines(sku="piped").count()) == 1


async def test_bulk_operations_have_a_chunk_for_each_partition(any_face, shop, orders):
    rows = [{"order": order, "sku": f"b{number}", "text": "t"} for number in range(3) for order in orders]
    result = await any_face.do(shop.Line.bulk_create(rows, pks=True))
    assert result.created == len(rows)
    for pk, row in zip(result.pks, rows, strict=True):
        line = shop.Line.lazy_connect(pk)
        assert number_of(line) == number_of(row["order"])
        assert await any_face.do(line.order.hget()) == row["order"]._pk_bytes.decode()
    exported = await any_face.all(shop.Line.export())
    before = await any_face.do(shop.Line.collection().sort().values("order", "sku").all())
    await any_face.do(shop.Line.collection().delete())
    assert (await any_face.do(shop.Line.import_(exported))).created == len(before)
    assert await any_face.do(shop.Line.collection().sort().values("order", "sku").all()) == before
    await any_face.do(shop.Line.collection().delete())
    assert (await any_face.do(shop.Line.import_(exported, new_pks=True))).created == len(before)
    assert await any_face.do(shop.Line.collection(order=orders[3]).count()) == 5
    assert list(await any_face.do(any_face.database.check())) == []


def with_keys_of_their_own(face):
    class Shelf(face.Model):
        database = face.database
        partitions = COUNT
        name = PKField()

    class Book(face.Model):
        database = face.database
        colocate_with = Shelf
        path = PKField()
        shelf = FKInstanceHashField(Shelf, related_name="books", on_delete="cascade")
        title = InstanceHashField(unique=True)

    class Page(face.Model):
        database = face.database
        colocate_with = Book
        path = PKField()
        book = FKInstanceHashField(Book, related_name="pages")

    return Shelf, Book, Page


SHELVES = ["a", "a:b", "a:", "{a}", "*", "é", "🙂", "17", "\0", "x" * 300, ":", "a b\n"]


async def test_primary_keys_name_their_parent(any_face):
    shelf_model, book_model, page_model = with_keys_of_their_own(any_face)
    for name in SHELVES:
        shelf = await any_face.do(shelf_model.create(name=name))
        book = await any_face.do(book_model.create(path=f"{name}:b", shelf=shelf, title=f"of {name}"))
        page = await any_face.do(page_model.create(path=f"{name}:b:1", book=book))
        assert number_of(shelf) == number_of(book) == number_of(page)
    assert len({number_of(shelf_model.lazy_connect(name)) for name in SHELVES}) == COUNT
    for name in SHELVES:
        book = await any_face.do(book_model.get(f"{name}:b"))
        assert await any_face.do(book.shelf.hget()) == name
        assert await any_face.do(book_model.get(title=f"of {name}")) == book
        assert await any_face.do(shelf_model.lazy_connect(name).books().all()) == [f"{name}:b"]
        assert await any_face.do(page_model.collection(book__shelf=name).all()) == [f"{name}:b:1"]
    some = [f"{name}:b" for name in SHELVES[:5]]
    assert sorted(await any_face.do(book_model.collection(pk__in=[*some, "none"]).all())) == sorted(some)
    for path in ("none", ":none", ""):
        call = lambda path=path: book_model.create(path=path, title="x")  # noqa: E731
        await any_face.refused(InvalidPrimaryKey, call, match="begin it with the primary key of that and a colon")
        assert await any_face.do(book_model.exists(path)) is False
    error = await any_face.refused(
        InvalidValue, lambda: book_model.create(path="a:c", shelf=_elsewhere(shelf_model, "a"))
    )
    assert "colocate_with" in str(error)
    assert {finding.kind for finding in await any_face.do(any_face.database.check())} == {"bare"}  # shelves


def _elsewhere(model, name):
    """The name of an object in another partition."""
    number = number_of(model.lazy_connect(name))
    return next(other for other in SHELVES if number_of(model.lazy_connect(other)) != number)


def own_line(face, database, parent_partitions, *, is_colocated):
    """Line as another process declares it."""
    shop = family(face.Model, database, parent_partitions)
    if is_colocated:
        return shop.Line
    body = {
        "database": database,
        "namespace": "shop",
        "partitions": parent_partitions,
        "sku": InstanceHashField(indexable=True),
    }
    for model in (shop.Note, shop.Line):
        database._models.unregister(model._schema.keys.tag)
    return type("Line", (face.Model,), {**body, "__module__": __name__})


@pytest.mark.parametrize("count", [1, COUNT])
@pytest.mark.parametrize("is_colocated", [True, False])
async def test_other_declarations_of_the_place_are_refused(any_face, count, is_colocated):
    databases = [any_face.Database(port=any_face.server.port) for _ in range(2)]
    stored = own_line(any_face, databases[0], count, is_colocated=is_colocated)
    order = await any_face.do(stored.colocate_with.create(status="x")) if is_colocated else None
    await any_face.do(stored.create(sku="x", **({"order": order} if is_colocated else {})))
    before = any_face.client.keys()
    declared = own_line(any_face, databases[1], count, is_colocated=not is_colocated)
    calls = [lambda: declared.collection(sku="x").count(), lambda: declared.lazy_connect(1).sku.hset("y")]
    for call in calls:
        error = await any_face.refused(DifferentPartitions, call, match="colocate_with")
        assert bool(error.stored_beside) == is_colocated
        assert bool(error.declared_beside) != is_colocated
    assert any_face.client.keys() == before
    for database in databases:
        await any_face.do(database.close())


async def test_damage_is_found_and_repaired(any_face, shop, orders):
    line, _ = await lines_of(any_face, orders[0])
    partition = line._schema.keys.partition(line._pk_bytes)
    other = elsewhere(orders, orders[0])
    any_face.client.hset(partition.hash_prefix + line._pk_bytes, "order", other._pk_bytes)
    any_face.client.delete(partition.index_key(b"eq", "sku") + b":s0")
    report = await any_face.do(shop.Line.check(repair=True))
    assert report.found["dangling"] == 1
    assert report.found["missing"] >= 1
    assert await any_face.do(line.order.hget()) is None
    assert list(await any_face.do(any_face.database.check())) == []
    await any_face.do(shop.Line.rebuild_indexes())
    assert await any_face.do(shop.Line.collection(sku="s0").count()) == ORDERS


def spread_notes(face, database, name, field="text", **body):
    """Topics of some partitions, and notes beside them under a name, as a process declares them."""
    title = InstanceHashField()
    topic = type("Topic", (face.Model,), {"database": database, "title": title, "__module__": __name__, **body})
    fields = {
        "topic": FKInstanceHashField(topic, related_name="notes", on_delete="cascade"),
        field: InstanceHashField(indexable=True),
    }
    return topic, type(
        name, (face.Model,), {"database": database, "colocate_with": topic, "__module__": __name__, **fields}
    )


@pytest.mark.parametrize("count", [1, COUNT])
async def test_renames(any_face, count):
    database = any_face.Database(port=any_face.server.port)
    topic, former = spread_notes(any_face, database, "Former", partitions=count)
    for _ in range(6):
        made = await any_face.do(topic.create(title="t"))
        await any_face.do(former.create(topic=made, text="x"))
    await any_face.do(database.close())
    database = any_face.Database(port=any_face.server.port)
    topic, renamed = spread_notes(any_face, any_face.database, "Renamed", "words", partitions=count)
    await any_face.refused(InvalidValue, lambda: topic.rename_from("subject"), match="Renamed are in its partitions")
    await any_face.refused(InvalidValue, lambda: renamed.rename_from("old:former"), match="in the namespace ''")
    _, between = spread_notes(any_face, database, "Renamed", partitions=count)  # another process
    await any_face.do(between.rename_from("Former"))
    await any_face.do(database.close())
    await any_face.do(renamed.rename_field("text", "words"))
    assert await any_face.do(renamed.collection(words="x").count()) == 6
    assert not [key for key in any_face.client.scan_iter() if b"former" in key]
    assert list(await any_face.do(any_face.database.check())) == []
    first = await any_face.do(topic.collection().instances().first())
    await any_face.do(first.delete())
    assert await any_face.do(renamed.collection().count()) == 5
