"""References to objects that expire: from the deadline on they are as after a deletion, by `on_delete`."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from limpyd import (
    ChangeFeed,
    DeadlineField,
    DoesNotExist,
    DynamicFKInstanceHashField,
    InstanceHashField,
    ListField,
    PKField,
    StringField,
)
from limpyd.exceptions import (
    DeclarationError,
    InvalidFilter,
    LimpydError,
    RelatedDoesNotExist,
    UnsupportedCommand,
    WrongTypeError,
)
from limpyd.indexes import EqualIndex, EqualIndexWith
from limpyd.relations import (
    FKInstanceHashField,
    FKStringField,
    M2MListField,
    M2MSetField,
    M2MSortedSetField,
)

HOUR = timedelta(hours=1)
MANY = 300


def declared(face, **options):
    """A model whose objects expire, and models that refer to it in all ways."""

    class Session(face.Model):
        database = face.database
        token = PKField()
        expires = DeadlineField(ttl=HOUR)
        user = InstanceHashField(type=int, indexable=True)
        parent = FKInstanceHashField("self", on_delete="cascade", related_name="children")
        friend = FKStringField("self", related_name="befriended")

    class Cart(face.Model):
        database = face.database
        name = PKField()
        note = InstanceHashField(indexable=True)
        session = FKInstanceHashField(
            Session, related_name="carts", indexes=[EqualIndex, EqualIndexWith(other_fields=["note"])]
        )
        seen = M2MListField(Session, related_name="seen_by")
        known = M2MSetField(Session, related_name="known_by")
        ranked = M2MSortedSetField(Session, related_name="ranked_by")

    class Item(face.Model):
        database = face.database
        name = PKField()
        owner = FKStringField(Session, on_delete="cascade", related_name="owned")
        code = InstanceHashField(unique=True)
        cart = FKInstanceHashField(Cart, related_name="items")

    class Note(face.Model):
        database = face.database
        name = PKField()
        item = FKInstanceHashField(Item, on_delete="cascade", related_name="notes")

    return SimpleNamespace(Session=Session, Cart=Cart, Item=Item, Note=Note)


@pytest.fixture
async def models(face):
    """The models, and objects of which a session is about to expire."""
    found, do = declared(face), face.do
    found.a = await do(found.Session.create(token="a", user=1))
    found.b = await do(found.Session.create(token="b", user=2, parent="a"))
    found.c = await do(found.Session.create(token="c", user=3, friend="a"))
    sessions = {"seen": ["a", "c", "a"], "known": ["a", "c"], "ranked": {"a": 1, "c": 2}}
    found.cart = await do(found.Cart.create(name="x", note="n", session="a", **sessions))
    found.item = await do(found.Item.create(name="i", owner="b", cart="x", code="1"))
    found.note = await do(found.Note.create(name="n", item="i"))
    return found


async def expire(face, one):
    await face.do(one.expires.expire(0))


async def all_well(face, models):
    """Compares what is stored with what the objects need."""
    for model in (models.Session, models.Cart, models.Item, models.Note):
        report = await face.do(model.check())
        assert not report.found, report


def skip_unless_all_slots_are_one(face):
    if face.client.info("cluster")["cluster_enabled"]:
        pytest.skip("one script or transaction cannot have keys of several slots")


READS = {
    "reference": (lambda m: m.cart.session.get(), None),
    "list": (lambda m: m.cart.seen.lrange(0, -1), ["c"]),
    "set": (lambda m: m.cart.known.smembers(), {"c"}),
    "sorted set": (lambda m: m.cart.ranked.zrange(0, -1), ["c"]),
    "several keys": (lambda m: m.cart.known.sinter(m.cart.known), {"c"}),
    "hash": (lambda m: m.cart.hgetall(), {"note": "n"}),
    "some of the hash": (lambda m: m.cart.hmget("session", "note"), [None, "n"]),
    "values": (lambda m: m.cart.values("session", "note"), {"session": None, "note": "n"}),
    "of another session": (lambda m: m.c.friend.get(), None),
    "exists": (lambda m: m.Item.exists("i"), False),
    "exists of an instance": (lambda m: m.note.pk.exists(), False),
    "exists of a session": (lambda m: m.b.pk.exists(), False),
    "exists by a value": (lambda m: m.Item.exists(code="1"), False),
    "count": (lambda m: m.Note.collection().count(), 0),
    "filter": (lambda m: m.Cart.collection(session="a").count(), 0),
    "filter through": (lambda m: m.Cart.collection(session__user=1).count(), 0),
    "null": (lambda m: m.Cart.collection(session__isnull=True).count(), 1),
    "two fields": (lambda m: m.Cart.collection(session="a", note="n").count(), 0),
    "reverse side": (lambda m: m.cart.items().count(), 0),
    "facets": (lambda m: m.Cart.collection().count_by("session"), {}),
    "column through": (lambda m: m.Cart.collection().values("session__user").all(), [{"session__user": None}]),
    "prefetch": (lambda m: m.Cart.collection().instances(prefetch=["session"]).count(), 1),
    "update": (lambda m: m.Cart.collection(session="a").update(note="y"), 0),
    "delete": (lambda m: m.Item.collection().delete(), 0),
    "write": (lambda m: m.cart.note.set("z"), False),
    "create": (lambda m: _pk(m.Item.create(name="i", code="1")), "i"),
    "sweep": (lambda m: m.Session.sweep(), 1),
}


async def _pk(call):
    return (await call if hasattr(call, "__await__") else call)._pk


@pytest.mark.parametrize("read", READS)
async def test_the_first_request_finds_it_as_deleted(face, models, read):
    await expire(face, models.a)
    act, expected = READS[read]
    assert await face.do(act(models)) == expected
    assert face.client.zcard("{session}:deadline:object") == 1
    await all_well(face, models)


async def test_objects_that_went_are_not_there(face, models):
    await expire(face, models.a)
    for call in (
        lambda: models.item.code.get(),
        lambda: models.note.item.delete(),
        lambda: models.b.user.set(2),
        lambda: models.item.delete(),
        lambda: models.Item.get("i"),
        lambda: models.Item.get(code="1"),
    ):
        await face.refused(DoesNotExist, call)


async def test_nothing_can_refer_to_it(face, models):
    await expire(face, models.a)
    await face.refused(RelatedDoesNotExist, lambda: models.cart.session.set("a"))
    await face.refused(RelatedDoesNotExist, lambda: models.cart.known.sadd("b"))
    await face.do(models.Session.create(token="a", user=5))
    assert await face.do(models.cart.session.get()) is None
    assert await face.do(models.cart.session.set("a"))
    assert await face.do(models.Cart.collection(session__user=5).count()) == 1


async def test_in_a_pipeline_and_a_transaction(face, models):
    skip_unless_all_slots_are_one(face)
    calls = (
        lambda: models.cart.session.get(),
        lambda: models.Item.exists("i"),
        lambda: models.Cart.collection(session="a").count(),
    )
    for kind in (face.database.pipeline, face.database.transaction):
        await expire(face, models.a)
        if face.is_async:
            async with kind():
                found = [call() for call in calls]
        else:
            with kind():
                found = [call() for call in calls]
        assert [one.value for one in found] == [None, False, 0]
        models.a = await face.do(models.Session.create(token="a", user=1))
        await face.do(models.cart.session.set("a"))
        await face.do(models.Item.create(name="i", owner="a"))


async def test_cycles(face, models):
    await face.do(models.a.parent.set("b"))
    await expire(face, models.b)
    assert await face.all(models.Session.collection()) == ["c"]
    await all_well(face, models)


async def test_changes_say_what_happened(face):
    class Base(face.Model):
        abstract = True
        database = face.database
        changes = ChangeFeed()
        name = PKField()

    class Lease(Base):
        until = DeadlineField(ttl=HOUR)

    class Job(Base):
        lease = FKInstanceHashField(Lease, on_delete="cascade")

    class Worker(Base):
        lease = FKInstanceHashField(Lease)

    lease = await face.do(Lease.create(name="l"))
    await face.do(Job.create(name="j", lease=lease))
    worker = await face.do(Worker.create(name="w", lease=lease))
    await face.do(lease.until.expire(0))
    assert await face.do(worker.lease.get()) is None
    for model, kind, fields in ((Lease, "expired", ()), (Job, "deleted", ()), (Worker, "changed", ("lease",))):
        last = (await face.all(model.changes()))[-1]
        assert (last.kind, last.fields) == (kind, fields)


async def test_each_operation_takes_as_many_requests(face, models):
    for _ in range(2):
        await face.do(models.cart.note.get())
        await face.do(models.Cart.collection(session="a").count())
    for expires in (False, True):
        for act in (
            lambda: models.cart.session.get(),
            lambda: models.cart.note.set("q"),
            lambda: models.Cart.collection(session="a").count(),
            lambda: models.Item.exists("i"),
        ):
            await face.do(act())  # so that the server knows the script
            if expires:
                await face.do(models.Session.bulk_create([{"token": "d", "user": 1}]))
                await face.do(models.cart.session.set("d"))
                face.client.hset("{session}:hash:d", "expires", 1)
                face.client.zadd("{session}:deadline:object", {"d": 1})
            with face.sent() as sent:
                await face.do(act())
            assert len(sent.commands) == 1, sent.commands


@pytest.mark.parametrize("by", ["session", "owner"])
async def test_many_at_once(face, models, by):
    """More than a step removes: the first request waits until all are gone, in steps of a few milliseconds."""
    model, more = (models.Cart, {"note": "n"}) if by == "session" else (models.Item, {})
    await face.do(models.Session.bulk_create([{"token": f"t{number}", "user": 1} for number in range(MANY)]))
    await face.do(model.bulk_create([{"name": f"h{number}", by: f"t{number}", **more} for number in range(MANY)]))
    for number in range(MANY):
        face.client.hset(f"{{session}}:hash:t{number}", "expires", 1)
    face.client.zadd("{session}:deadline:object", {f"t{number}": 1 for number in range(MANY)})
    assert await face.do(model.collection(**{f"{by}__isnull": False}).count()) == 1
    assert face.client.zcard("{session}:deadline:object") == 3
    await all_well(face, models)


@pytest.mark.parametrize("by", ["session", "owner"])
async def test_many_that_refer_to_one(face, models, by):
    model, more = (models.Cart, {"note": "n"}) if by == "session" else (models.Item, {})
    one = await face.do(models.Session.create(token="t", user=1))
    await face.do(model.bulk_create([{"name": f"h{number}", by: "t", **more} for number in range(2 * MANY)]))
    await face.do(one.expires.expire(0))
    assert await face.do(model.collection(**{by: "t"}).count()) == 0
    await all_well(face, models)


async def test_a_long_chain(face, models):
    chain = [{"token": f"t{number}", "parent": f"t{number - 1}" if number else "a"} for number in range(MANY)]
    await face.do(models.Session.bulk_create(chain))
    await expire(face, models.a)
    assert await face.do(models.Session.collection().count()) == 1
    await all_well(face, models)


async def test_more_than_a_step_may_change(face, models, monkeypatch):
    """What expires is not limited: nobody can be asked to delete in parts."""
    monkeypatch.setattr(type(face.database), "_max_changes", 3, raising=False)
    await expire(face, models.a)
    assert await face.do(models.cart.session.get()) is None


async def test_a_refusal_leaves_nothing_half(face, models):
    """The removal stops at a key of the wrong type; each request says so until that is repaired."""
    await expire(face, models.a)
    face.client.rename("{cart}:field:known:x", "{cart}saved")
    face.client.set("{cart}:field:known:x", "text")
    for _ in range(2):
        await face.refused(WrongTypeError, lambda: models.Note.collection().count())
        await face.refused(WrongTypeError, lambda: models.cart.note.get())
    face.client.rename("{cart}saved", "{cart}:field:known:x")
    assert await face.do(models.cart.known.smembers()) == {"c"}
    assert await face.do(models.Note.collection().count()) == 0
    await all_well(face, models)


async def test_an_index_of_deadlines_of_the_wrong_type(face, models):
    face.client.rename("{session}:deadline:object", "{session}saved")
    face.client.set("{session}:deadline:object", "text")
    match = "deadline:object should be a sorted set"
    for call in (lambda: models.cart.session.get(), lambda: models.cart.note.set("y"), lambda: models.Item.exists("i")):
        await face.refused(LimpydError, call, match=match)
    face.client.rename("{session}saved", "{session}:deadline:object")
    await expire(face, models.a)
    assert await face.do(models.cart.session.get()) is None
    await all_well(face, models)


async def test_code_of_before_objects_expired(face):
    """What it has declared does not say what becomes of references, so the declarations are made anew first."""

    def declare(expires):
        class Session(face.Model):
            database = face.Database(port=face.server.port)
            name = PKField()
            user = InstanceHashField(type=int)
            if expires:
                until = DeadlineField()

        class Item(face.Model):
            database = Session.database
            name = PKField()
            owner = FKInstanceHashField(Session, on_delete="cascade")

        return Session, Item

    skip_unless_all_slots_are_one(face)
    (old_session, old_item), (session, _), (_, reading) = (declare(expires) for expires in (False, True, True))
    await face.do(old_session.create(name="s", user=1))
    await face.do(old_item.create(name="i", owner="s"))
    await face.do(session.rebuild_indexes())
    await face.do(session.lazy_connect("s").until.expire(0))
    assert not await face.do(reading.exists("i"))
    assert face.client.exists("{session}:hash:s") == 0
    for model in (old_session, session, reading):
        await face.do(model.database.close())


async def test_a_process_that_knows_fewer_models(face, models):
    """It removes what others refer to by what those have recorded."""
    skip_unless_all_slots_are_one(face)

    class Session(face.Model):
        database = face.Database(port=face.server.port)
        token = PKField()
        expires = DeadlineField(ttl=HOUR)
        user = InstanceHashField(type=int, indexable=True)
        parent = FKInstanceHashField("self", on_delete="cascade", related_name="children")
        friend = FKStringField("self", related_name="befriended")

    await expire(face, models.a)
    assert await face.all(Session.collection()) == ["c"]
    assert face.client.exists("{item}:hash:i") == 0
    assert await face.do(models.cart.session.get()) is None
    await all_well(face, models)
    await face.do(Session.database.close())


async def test_after_a_script_flush(face, models):
    await expire(face, models.a)
    face.client.script_flush()
    assert await face.do(models.cart.session.get()) is None
    assert not await face.do(models.Item.exists("i"))


async def test_odd_primary_keys(face, models):
    for number, pk in enumerate(("", " ", ":", "a:b", "*", "{}", "}{", "\0", "🐘", "\udcff", "1:targets=")):
        if pk:
            one = await face.do(models.Session.create(token=pk, user=number))
            await face.do(models.cart.session.set(pk))
            await face.do(models.Item.create(name=pk, owner=pk))
            await face.do(one.expires.expire(0))
            assert await face.do(models.cart.session.get()) is None
            assert not await face.do(models.Item.exists(pk))
    await all_well(face, models)


def test_refused_declarations(face):
    class Base(face.Model):
        abstract = True
        database = face.database

    class Session(Base):
        expires = DeadlineField()

    with pytest.raises(DeclarationError, match="objects of Session expire, and on_delete='restrict' cannot forbid"):

        class Restricts(Base):
            session = FKInstanceHashField(Session, on_delete="restrict")

    with pytest.raises(DeclarationError, match="dynamic references"):

        class Dynamic(Base):
            session = DynamicFKInstanceHashField(Session)

    class Goes(Base):
        session = FKInstanceHashField(Session, on_delete="cascade")

    with pytest.raises(DeclarationError, match="are deleted when those of Session expire that they refer to"):

        class RestrictsIt(Base):
            goes = FKInstanceHashField(Goes, on_delete="restrict")

    with pytest.raises(DeclarationError, match="needs Python"):

        class Transforms(Base):
            name = StringField(indexes=[EqualIndex(transform=str.lower)])
            session = FKInstanceHashField(Session, on_delete="cascade")

    with pytest.raises(DeclarationError, match="colocate_with=Session"):

        class Spread(Base):
            partitions = 4
            session = FKInstanceHashField(Session)


def test_refused_when_it_comes_later(face):
    """The last declaration is refused, whichever makes a reference impossible."""

    class Base(face.Model):
        abstract = True
        database = face.database

    class Order(Base):
        customer = FKInstanceHashField("Customer", on_delete="restrict")

    class Lease(Base):
        until = DeadlineField()

    with pytest.raises(DeclarationError, match="cannot forbid"):

        class Customer(Base):
            lease = FKInstanceHashField(Lease, on_delete="cascade")


async def test_models_that_refer_to_these(face, models):
    class Far(face.Model):
        database = face.database
        cart = FKInstanceHashField(models.Cart)

    far = await face.do(Far.create(cart="x"))
    assert Far._schema.overdue is None
    assert await face.all(Far.collection(cart__note="n")) == [await face.do(far.pk.get())]
    match = "find the objects of Cart first"
    await face.refused(InvalidFilter, lambda: Far.collection(cart__session="a").count(), match=match)
    await face.refused(InvalidFilter, lambda: Far.collection(cart__session__user=1).count(), match=match)
    await face.refused(InvalidFilter, lambda: Far.collection().values("cart__session").all(), match=match)
    await face.refused(InvalidFilter, lambda: Far.collection().sort(by="cart__session").all(), match=match)
    await face.refused(UnsupportedCommand, lambda: models.Item.sweep(), match="no DeadlineField")


async def test_declared_after_it_was_used(face):
    """A model that is in use already learns that others expire."""

    class Note(face.Model):
        database = face.database
        name = PKField()
        text = StringField()
        tags = ListField(indexable=True)
        session = FKInstanceHashField("Session", on_delete="cascade")

    note = await face.do(Note.create(name="n", text="t", tags=["x"]))
    for _ in range(3):
        assert await face.do(note.text.get()) == "t"
        assert await face.do(note.tags.lrange(0, -1)) == ["x"]
        assert await face.do(note.tags.rpush("x"))
        assert await face.do(note.tags.rpop()) == "x"

    class Session(face.Model):
        database = face.database
        name = PKField()
        until = DeadlineField()

    session = await face.do(Session.create(name="s", until=HOUR))
    await face.do(note.session.set("s"))
    assert await face.do(note.text.get()) == "t"
    await face.do(session.until.expire(0))
    for call in (lambda: note.text.get(), lambda: note.tags.lrange(0, -1), lambda: note.tags.rpush("y")):
        await face.refused(DoesNotExist, call)


async def test_in_the_same_partitions(face):
    class Session(face.Model):
        database = face.database
        partitions = 4
        name = PKField()
        until = DeadlineField(ttl=HOUR)

    class Cart(face.Model):
        database = face.database
        colocate_with = Session
        name = PKField()
        note = StringField()
        session = FKInstanceHashField(Session, related_name="carts")

    class Item(face.Model):
        database = face.database
        colocate_with = Session
        name = PKField()
        session = FKInstanceHashField(Session, on_delete="cascade", related_name="items")

    sessions = [await face.do(Session.create(name=f"s{number}")) for number in range(8)]
    for one in sessions:
        await face.do(Cart.create(name=f"{one._pk}:c", session=one, note="n"))
        await face.do(Item.create(name=f"{one._pk}:i", session=one))
    for one in sessions[:5]:
        await face.do(one.until.expire(0))
    assert sorted(await face.all(Item.collection())) == ["s5:i", "s6:i", "s7:i"]
    assert await face.do(Cart.collection(session__isnull=True).count()) == 5
    for model in (Session, Cart, Item):
        assert not (await face.do(model.check())).found
