"""Values with a deadline of StringFields with an index, and such values with other indexes."""

from datetime import UTC, datetime, timedelta

import pytest

from limpyd import (
    AutoPKField,
    ChangeFeed,
    DeadlineField,
    EqualIndex,
    InstanceHashField,
    ListField,
    PKField,
    SetField,
    StringField,
    TextRangeIndex,
    UniquenessError,
)
from limpyd.exceptions import DeclarationError, InvalidFilter, UnsupportedCommand
from limpyd.indexes import EqualIndexWith
from limpyd.relations import FKInstanceHashField
from tests.support.blocks import block
from tests.support.clocks import is_left, passed

HOUR, SHORT = timedelta(hours=1), timedelta(milliseconds=1)


@pytest.fixture
def confirmation(face):
    class Confirmation(face.Model):
        database = face.database
        mail = PKField()
        code = StringField(type=str, unique=True, expires=True)
        tries = StringField(type=int, indexable=True, expires=True)
        shop = InstanceHashField(
            type=str, indexes=[EqualIndexWith(other_fields=["code"]), TextRangeIndex], expires=True
        )

    return Confirmation


async def test_commands_with_a_time(face, confirmation):
    do = face.do
    one = await do(confirmation.create(mail="a@x", code="1"))
    for write, left in (
        (lambda: one.code.set("2", ex=60), 60),
        (lambda: one.code.set("3"), -1),
        (lambda: one.code.set("4", px=5000), 5),
        (lambda: one.code.set("5", keepttl=True), 5),
        (lambda: one.code.set("6", nx=True), 5),
        (lambda: one.code.set("6", nx=True, ex=9), 5),
        (lambda: one.code.set("7", xx=True, ex=9), 9),
        (lambda: one.code.append("8"), 9),
        (lambda: one.code.setex(10, "9"), 10),
        (lambda: one.code.psetex(11000, "10"), 11),
        (lambda: one.code.getex(), 11),
        (lambda: one.code.getex(ex=12), 12),
        (lambda: one.code.getex(persist=True), -1),
        (lambda: one.code.expire(13), 13),
        (lambda: one.code.expire(12, gt=True), 13),
        (lambda: one.code.getset("11"), -1),
        (lambda: one.code.pexpire(timedelta(seconds=14)), 14),
        (lambda: one.code.setnx("12"), 14),
        (lambda: one.code.persist(), -1),
        (lambda: one.code.expire(13), 13),
        (lambda: one.code.getdel(), -2),
        (lambda: one.code.set("13", xx=True, ex=5), -2),
        (lambda: one.code.set("13", nx=True, ex=15), 15),
        (lambda: one.code.delete(), -2),
        (lambda: one.code.set("14"), -1),
    ):
        await do(write())
        assert is_left(await do(one.code.ttl()), left)
    assert face.client.pttl(next(face.client.scan_iter("*field:code*"))) == -1  # the server lets nothing expire
    assert await do(one.code.set("15", get=True, ex=5)) == "14"
    assert is_left(await do(one.code.ttl()), 5)
    assert (await do(confirmation.check())).ok


async def test_are_gone_from_the_deadline_on(face, confirmation):
    do = face.do
    one = await do(confirmation.create(mail="a@x", code="1", tries=3, shop="b"))
    other = await do(confirmation.create(mail="b@x"))
    assert await face.all(confirmation.collection(shop="b", code="1")) == ["a@x"]
    await do(one.code.pexpire(1))
    passed(face)
    assert await face.all(confirmation.collection(shop="b", code="1")) == []
    assert await face.all(confirmation.collection(shop="b")) == ["a@x"]
    await do(one.code.set("1", px=1))
    passed(face)
    assert (await do(one.code.get()), await do(one.code.exists()), await do(one.code.strlen())) == (None, False, 0)
    await do(one.code.set("1", px=1))
    passed(face)
    await do(other.code.set("1"))
    await do(one.tries.expire(60))
    assert await do(one.tries.incr()) == 4
    await do(one.tries.pexpire(1))
    passed(face)
    assert await do(one.tries.incr()) == 1
    assert await do(one.tries.ttl()) == -1
    await do(one.shop.hpexpire(1))
    passed(face)
    assert await face.all(confirmation.collection(confirmation.shop >= "a")) == []
    assert (await do(confirmation.check())).ok


async def test_refused_commands(face, confirmation):
    one = await face.do(confirmation.create(mail="a@x", code="1"))
    other = await face.do(confirmation.create(mail="b@x"))
    await face.refused(UnsupportedCommand, lambda: one.code.copy(other.code), match="values expire")
    await face.refused(UnsupportedCommand, lambda: one.code.lcs_len(other.code))


@pytest.mark.parametrize("is_atomic", [True, False])
async def test_in_transactions_and_pipelines(face, confirmation, is_atomic):
    do = face.do
    one = await do(confirmation.create(mail="a@x", code="1", code_deadline=SHORT))
    other = await do(confirmation.create(mail="b@x"))
    passed(face)
    async with block(face, face.database.transaction() if is_atomic else face.database.pipeline()):
        before = one.code.get()
        other.code.set("1", ex=60)
        left = other.code.ttl()
        found = confirmation.collection(code="1").count()
        other.update(code="2", code_deadline=HOUR)
        after = other.code.ttl()
    assert (before.value, found.value) == (None, 1)
    assert is_left(left.value, 60)
    assert is_left(after.value, 3600)
    assert (await do(confirmation.check())).ok


async def test_refused_writes_leave_nothing(face, confirmation):
    do = face.do
    one = await do(confirmation.create(mail="a@x", code="1", code_deadline=HOUR))
    await do(confirmation.create(mail="b@x", code="2"))
    await face.refused(UniquenessError, lambda: one.code.set("2", ex=5))
    await face.refused(UniquenessError, lambda: one.update(code="2", code_deadline=SHORT))
    try:
        async with block(face, face.database.transaction()):
            one.code.expire(5)
            one.code.persist()
            one.code.set("2", ex=7)
    except UniquenessError:
        pass
    assert is_left(await do(one.code.ttl()), 3600)
    assert (await do(confirmation.check())).ok


async def test_with_partitions(face, monkeypatch):
    monkeypatch.setattr("limpyd.claims.requests.GRACE", 0)

    class Ticket(face.Model):
        database = face.database
        partitions = 4
        id = AutoPKField()
        expires = DeadlineField(ttl=HOUR)
        code = InstanceHashField(type=int, unique=True, expires=True)
        level = StringField(type=int, indexable=True, expires=True)

    do = face.do
    for _ in range(12):
        old = await do(Ticket.create(code=7, code_deadline=SHORT, level=1))
        passed(face)
        assert not await do(Ticket.exists(code=7))
        new = await do(Ticket.create(code=7))
        await face.refused(UniquenessError, lambda old=old: old.code.set(7))
        assert await face.all(Ticket.collection(code=7)) == [new._pk]
        await do(new.code.hpexpire(1))
        passed(face)
        await do(old.code.set(7))
        assert await do(new.code.get()) is None
        await do(old.code.hdel())
        await do(old.level.pexpire(1))
    passed(face)
    assert await do(Ticket.collection(level=1).count()) == 0
    assert (await do(Ticket.check())).ok


async def test_a_feed_says_what_has_changed(face):
    class Order(face.Model):
        database = face.database
        id = PKField()
        changes = ChangeFeed()
        code = InstanceHashField(unique=True, expires=True)

    do = face.do
    order = await do(Order.create(id="1", code="a", code_deadline=HOUR))
    other = await do(Order.create(id="2", code="b"))
    await do(order.code.hpexpire(1))
    passed(face)
    await face.refused(UniquenessError, lambda: order.code.set("b"))
    await do(other.code.hexpire(60))
    found = [(each[b"pk"], each[b"kind"], each.get(b"fields")) for _, each in face.client.xrange("{order}:changes")]
    assert found == [
        (b"1", b"created", b'["code","code_deadline"]'),
        (b"2", b"created", b'["code"]'),
        (b"1", b"changed", b'["code_deadline"]'),
        (b"1", b"changed", b'["code","code_deadline"]'),
        (b"2", b"changed", b'["code_deadline"]'),
    ]


async def test_through_references(face):
    class Author(face.Model):
        database = face.database
        name = PKField()
        token = InstanceHashField(unique=True, expires=True)
        city = InstanceHashField(indexable=True)

    class Book(face.Model):
        database = face.database
        title = InstanceHashField(indexable=True)
        author = FKInstanceHashField(Author, on_delete="cascade")

    do = face.do
    author = await do(Author.create(name="ada", token="t", city="Paris"))
    await do(Book.create(title="x", author=author))
    assert await do(Book.collection(author__city="Paris").count()) == 1
    for call in (
        lambda: Book.collection(author__token="t").count(),
        lambda: Book.collection(author__token__isnull=True).count(),
        lambda: Book.collection().sort(by="author__token").count(),
        lambda: Book.collection().values("author__token").count(),
        lambda: Book.collection(title=author.token).count(),
    ):
        await face.refused(InvalidFilter, call, match="values")
    await do(author.token.hpexpire(1))
    passed(face)
    await do(author.delete())
    assert await do(Book.collection().count()) == 0
    assert face.keys() == {"{book}:seq"}


def test_declarations(face):
    def declare(**fields):
        return type("Person", (face.Model,), {"database": face.database, "__module__": __name__, **fields})

    def shout(value):
        return value.upper()

    for field, why in (
        (InstanceHashField(expires=True), "it has no index"),
        (InstanceHashField(indexable=True, expires=True, required=True), "it is required"),
        (StringField(indexes=[EqualIndex(transform=shout)], expires=True), "needs Python"),
    ):
        with pytest.raises(DeclarationError, match=why):
            declare(code=field)
    with pytest.raises(DeclarationError, match="choose another name"):
        declare(code=InstanceHashField(unique=True, expires=True), code_deadline=InstanceHashField())
    for kind in (SetField, ListField):
        with pytest.raises(DeclarationError, match="takes no 'expires'"):
            kind(indexable=True, expires=True)
    model = declare(code=InstanceHashField(unique=True, expires=True))
    child = type("Child", (model,), {"__module__": __name__})
    assert [*child._schema.fields] == ["pk", "code", "code_deadline"]
    without = type("Without", (model,), {"__module__": __name__, "code": None})
    assert [*without._schema.fields] == ["pk"]


async def test_a_field_that_is_called_as_the_deadline_of_a_deadline(face):
    class Person(face.Model):
        database = face.database
        code = InstanceHashField(unique=True, expires=True)
        code_deadline_deadline = InstanceHashField()

    one = await face.do(Person.create(code="a", code_deadline_deadline="b"))
    await face.do(one.code.hexpire(60))
    assert await face.do(one.code_deadline.get()) is not None
    await face.do(one.code_deadline.set(datetime(2100, 1, 1, tzinfo=UTC)))
    assert await face.do(one.code_deadline_deadline.hget()) == "b"


async def test_a_feed_of_several_partitions_says_it_whichever_script_removes_the_value(face):
    class Order(face.Model):
        database = face.database
        partitions = 4
        id = PKField()
        changes = ChangeFeed()
        code = InstanceHashField(unique=True, expires=True)

    do = face.do
    for number in range(8):
        old = await do(Order.create(id=f"old {number}", code="a"))
        await do(old.code.hpexpire(1))
        passed(face)
        new = await do(Order.create(id=f"new {number}", code="a"))  # asks the partition of the other object, too
        last = [change for change in await face.all(Order.changes()) if change.pk == old._pk][-1]
        assert (last.kind, last.fields) == ("changed", ("code", "code_deadline"))
        await do(new.delete())
