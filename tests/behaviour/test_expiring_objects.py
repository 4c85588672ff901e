"""Objects with a deadline: gone from then on, whether they have been removed or not."""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from limpyd import (
    DeadlineField,
    DoesNotExist,
    InstanceHashField,
    LimpydError,
    ListField,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    UniquenessError,
    VersionField,
)
from limpyd.acl import acl_rules
from limpyd.exceptions import DeclarationError, InvalidValue, UnsupportedCommand
from limpyd.indexes import EqualIndexWith
from limpyd.relations import FKInstanceHashField
from limpyd.schema.sweeping import EVERY
from limpyd.scripts.sweeps import MOST
from tests.support.clocks import passed

HOUR, SHORT = timedelta(hours=1), timedelta(milliseconds=1)


@pytest.fixture
def models(face):
    class Session(face.Model):
        database = face.database
        token = PKField()
        expires = DeadlineField(ttl=HOUR)
        user = InstanceHashField(type=int, indexable=True)
        mail = InstanceHashField(type=str, unique=True)
        tags = SetField(indexable=True)
        data = StringField()
        waiting = ListField()
        version = VersionField()

    class Plain(face.Model):
        database = face.database
        text = InstanceHashField(type=str, indexable=True)

    return SimpleNamespace(Session=Session, Plain=Plain)


async def expired(face, models, token="t", **values):
    """A session whose deadline is over, and which is not removed."""
    one = await face.do(models.Session.create(token=token, user=1, mail=f"{token}@x", tags={"a"}, data="d", **values))
    await face.do(one.expires.expire(0))
    return one


class TestDeadlines:
    async def test_of_a_new_object(self, face, models):
        one = await face.do(models.Session.create(token="t", user=1))
        assert 3599 <= await face.do(one.expires.ttl()) <= 3600
        assert 3_590_000 < await face.do(one.expires.pttl()) <= 3_600_000
        moment = await face.do(one.expires.get())
        assert await face.do(one.expires.pexpiretime()) == round(moment.timestamp() * 1000)
        assert await face.do(one.expires.expiretime()) == int(moment.timestamp())

    async def test_passed_with_the_values(self, face, models):
        at = datetime(2100, 1, 1, tzinfo=UTC)
        assert await face.do((await face.do(models.Session.create(token="a", expires=at))).expires.get()) == at
        never = await face.do(models.Session.create(token="b", user=1, expires=None))
        assert await face.do(never.expires.get()) is None
        assert await face.do(never.expires.ttl()) == await face.do(never.expires.pexpiretime()) == -1
        soon = await face.do(models.Session.create(token="c", expires=timedelta(minutes=1)))
        assert 59 <= await face.do(soon.expires.ttl()) <= 60
        created = await face.do(models.Session.bulk_create([{"token": "d", "expires": at}, {"token": "e", "user": 1}]))
        assert created.created == 2
        assert await face.do(models.Session.lazy_connect("d").expires.get()) == at
        assert await face.do(models.Session.lazy_connect("e").expires.ttl()) > 3500
        await face.do(soon.update(expires=at, user=4))
        assert await face.do(soon.expires.get()) == at
        found, is_new = await face.do(models.Session.get_or_create("f", defaults={"expires": timedelta(minutes=2)}))
        assert is_new
        assert 119 <= await face.do(found.expires.ttl()) <= 120

    async def test_by_the_clock_of_the_server(self, face, models, monkeypatch):
        monkeypatch.setattr(time, "time", lambda: 0.0)  # whatever the client's says
        one = await face.do(models.Session.create(token="t", expires=timedelta(minutes=1)))
        seconds, _ = face.client.time()
        assert 59 <= await face.do(one.expires.expiretime()) - seconds <= 61

    async def test_conditions(self, face, models):
        one = await face.do(models.Session.create(token="t", user=1))
        assert not await face.do(one.expires.expire(10, gt=True))
        assert await face.do(one.expires.expire(7200, gt=True))
        assert not await face.do(one.expires.expire(10, nx=True))
        assert await face.do(one.expires.expire(10, lt=True))
        assert await face.do(one.expires.persist())
        assert not await face.do(one.expires.persist())
        assert not await face.do(one.expires.expire(10, xx=True))
        assert not await face.do(one.expires.expire(10, gt=True))  # none is the latest
        assert await face.do(one.expires.expire(10, lt=True))
        assert await face.do(one.expires.persist())
        assert await face.do(one.expires.pexpire(10_000, nx=True))
        assert await face.do(one.expires.pexpireat(4_102_444_800_000, xx=True))
        assert await face.do(one.expires.get()) == datetime(2100, 1, 1, tzinfo=UTC)
        assert await face.do(one.expires.expireat(4_102_444_801))
        await face.do(one.expires.touch())
        assert 3599 <= await face.do(one.expires.ttl()) <= 3600

    async def test_refused_values(self, face, models):
        one = await face.do(models.Session.create(token="t", user=1))
        await face.refused(InvalidValue, lambda: one.expires.expire(-1), match="expire's seconds")
        await face.refused(InvalidValue, lambda: one.expires.expire(1, nx=True, xx=True), match="only one")
        await face.refused(InvalidValue, lambda: one.expires.set(datetime(2100, 1, 1)), match="time zone")  # noqa: DTZ001
        await face.refused(
            InvalidValue, lambda: models.Session.create(token="u", expires=3), match="datetime or timedelta"
        )

    async def test_filters(self, face, models):
        for token, minutes in ("a", 1), ("b", 10), ("c", None):
            expires = None if minutes is None else timedelta(minutes=minutes)
            await face.do(models.Session.create(token=token, user=1, expires=expires))
        session = models.Session
        assert await face.all(session.collection(session.expires < timedelta(minutes=5))) == ["a"]
        assert await face.all(session.collection(session.expires > timedelta(minutes=5), user=1)) == ["b"]
        assert await face.all(session.collection(expires__isnull=True)) == ["c"]
        assert [
            each async for each in aiter_of(face, session.collection(expires__isnull=False).sort(by="expires"))
        ] == [
            "a",
            "b",
        ]


async def aiter_of(face, collection):
    for each in await face.all(collection):
        yield each


class TestGone:
    async def test_nothing_finds_it(self, face, models):
        one, session = await expired(face, models), models.Session
        await face.do(session.create(token="u", user=1, tags={"a"}))
        assert face.client.exists("{session}:hash:t")  # it is still there
        for call in (
            one.user.get,
            one.tags.smembers,
            one.data.get,
            one.expires.get,
            one.expires.ttl,
            lambda: one.values("user"),
            lambda: one.user.set(2),
            lambda: one.user.hincrby(1),
            lambda: one.tags.sadd("b"),
            lambda: one.data.append("e"),
            lambda: one.update(user=2),
            lambda: one.expires.expire(10),
            lambda: one.expires.expire(10, lt=True),
            lambda: one.expires.persist(),
            lambda: one.expires.touch(),
            lambda: one.waiting.blpop(1),
            lambda: one.delete(),
            lambda: session.update("t", user=3),
            lambda: session.get("t"),
            lambda: session.get(mail="t@x"),
            lambda: session.lazy_connect("t").data.get(),
        ):
            await face.refused(DoesNotExist, call)
        assert not await face.do(one.pk.exists())
        assert not await face.do(session.exists("t"))
        assert not await face.do(session.exists(mail="t@x"))
        assert [each._pk for each in await face.do(session.from_pks(["t", "u"]))] == ["u"]
        await face.do(session.bulk_update([("t", {"user": 3})], on_missing="skip"))
        assert (await face.do(session.bulk_delete(["t"], on_missing="skip"))).missing == 1

    async def test_no_query_does(self, face, models):
        await expired(face, models)
        session = models.Session
        await face.do(session.create(token="u", user=1, tags={"a"}))
        everything = session.collection()
        for found in (
            everything,
            session.collection(user=1),
            session.collection(user__gte=0, tags="a"),
            session.collection(tags__in=["a", "b"]),
            everything.sort(by="-user"),
            session.collection(pk__in=["t", "u"]),
        ):
            assert await face.all(found) == ["u"]
            assert await face.do(found.count()) == 1
            assert [each._pk for each in await face.all(found.instances())] == ["u"]
            assert await face.all(found.values("pk", "user")) == [{"pk": "u", "user": 1}]
        assert await face.do(session.collection(mail="t@x").count()) == 0
        assert await face.all(session.collection(mail="t@x")) == []
        assert await face.do(everything.count_by("user")) == {1: 1}
        assert await face.do(everything.sum("user")) == 1
        assert (await face.do(everything.sort(by="user").page(5))).items == ["u"]
        assert list(await face.all(everything.iterate())) == ["u"]
        stored = await face.do(everything.store(ttl=10))
        assert await face.all(stored) == ["u"]
        assert await face.do(everything.update(user=7)) == 1
        assert await face.do(everything.delete()) == 1

    async def test_of_many_expired(self, face, models):
        session, many = models.Session, 1200
        await face.do(session.bulk_create([{"token": str(n), "user": n % 3, "expires": SHORT} for n in range(many)]))
        await face.do(session.bulk_create([{"token": f"k{n}", "user": n % 3} for n in range(9)]))
        passed(face)
        assert await face.do(session.collection().count()) == 9
        assert await face.do(session.collection(user=0).count()) == 3
        assert sorted(await face.all(session.collection(user=1))) == ["k1", "k4", "k7"]
        assert len(await face.do(session.collection(user__lte=1).sort(by="user")[:4])) == 4

    async def test_values_are_free(self, face, models):
        await expired(face, models)
        session = models.Session
        other = await face.do(session.create(token="u", mail="t@x"))
        assert await face.all(session.collection(mail="t@x")) == ["u"]
        assert await face.do(session.sweep()) == 1
        assert await face.all(session.collection(mail="t@x")) == ["u"]  # the removal left it
        await expired(face, models, "v")
        await face.do(other.mail.set("v@x"))
        await expired(face, models, "w")
        await face.do(other.update(mail="w@x"))
        assert (await face.do(session.check())).ok

    @pytest.mark.parametrize(
        "how", ["create", "in general", "get_or_create", "update_or_create", "bulk", "transaction"]
    )
    async def test_the_primary_key_is_free(self, face, models, how):
        await expired(face, models)
        session = models.Session
        if how == "create":
            await face.do(session.create(token="t", user=5))
        elif how == "get_or_create":
            assert (await face.do(session.get_or_create("t", defaults={"user": 5})))[1]
        elif how == "update_or_create":
            assert (await face.do(session.update_or_create("t", defaults={"user": 5})))[1]
        elif how == "bulk":
            assert (await face.do(session.bulk_create([{"token": "t", "user": 5}]))).created == 1
        elif face.is_async:
            async with face.database.transaction():
                await session.create(token="t", user=5)
        else:
            with face.database.transaction():
                session(token="t", user=5)
        one = await face.do(session.get("t"))
        assert await face.do(one.values("user", "data", "mail")) == {"user": 5, "data": None, "mail": None}
        assert await face.all(session.collection(tags="a")) == []
        await face.refused(UniquenessError, lambda: session.create(token="t", user=6))
        assert (await face.do(session.check())).ok

    async def test_in_transactions(self, face, models):
        one = await expired(face, models)
        if face.is_async:
            with pytest.raises(DoesNotExist):
                async with face.database.transaction():
                    await models.Session.create(token="u", user=1)
                    await one.user.set(2)
        else:
            with pytest.raises(DoesNotExist), face.database.transaction():
                models.Session(token="u", user=1)
                one.user.set(2)
        assert await face.do(models.Session.collection().count()) == 0

    async def test_a_write_does_not_bring_it_back(self, face, models):
        session = models.Session
        one = await face.do(session.create(token="t", user=1, expires=timedelta(milliseconds=3)))
        passed(face, 5)
        await face.refused(DoesNotExist, lambda: one.expires.persist())
        await face.refused(DoesNotExist, lambda: one.update(expires=None))
        assert not await face.do(session.exists("t"))


class TestWrongKeys:
    async def test_nothing_is_left_of_what_is_refused(self, face, models):
        one = await face.do(models.Session.create(token="t", user=1))
        face.client.set("{session}:deadline:object", "text")
        keys = face.keys()
        for call in (
            lambda: models.Session.create(token="u", user=1),
            lambda: models.Session.bulk_create([{"token": "u", "user": 1}]),
            lambda: one.user.set(2),
            lambda: one.update(user=2),
            lambda: one.delete(),
            lambda: one.user.get(),
            lambda: models.Session.collection().count(),
        ):
            error = await face.refused(LimpydError, call)
            assert "RollbackFailed" not in repr(error)
        assert face.keys() == keys
        assert face.client.smembers("{session}:pks") == {b"t"}


class TestSweeping:
    async def test_removes_all_there_is(self, face, models):
        session = models.Session
        await face.do(session.create(token="k", user=1))
        keys = face.keys()
        values = {"tags": {"b"}, "data": "d", "expires": HOUR}
        await face.do(session.bulk_create([{"token": str(n), "user": n, **values} for n in range(250)]))
        await face.do(session.collection(tags="b").update(expires=SHORT))
        passed(face)
        with face.sent() as sent:
            assert await face.do(session.sweep()) == 250
        assert sent.names.count("EVALSHA") >= 1 + 250 // MOST  # more where the server is slow
        assert face.keys() == keys
        assert await face.do(session.sweep()) == 0

    async def test_creations_remove_some(self, face, models):
        session = models.Session
        await face.do(session.bulk_create([{"token": str(n), "user": 1, "expires": SHORT} for n in range(MOST + 5)]))
        passed(face)
        for number in range(EVERY):
            await face.do(session.create(token=f"k{number}", user=2))
        left = face.client.scard("{session}:pks") - EVERY
        assert 5 <= left < MOST + 5  # 5, unless the server is slow
        await face.do(session.create(token="more", user=2))
        assert face.client.scard("{session}:pks") - EVERY - 1 < left

    async def test_of_other_models(self, face, models):
        await face.refused(UnsupportedCommand, lambda: models.Plain.sweep(), match="no DeadlineField")

    async def test_after_data_was_lost(self, face, models):
        await expired(face, models)
        face.client.delete("{session}:hash:t")
        await expired(face, models, "u")
        face.client.srem("{session}:pks", "u")
        assert await face.do(models.Session.sweep()) == 1
        assert not face.client.exists("{session}:deadline:")


class TestRequests:
    async def test_are_as_few_as_without(self, face, models):
        session = models.Session
        one = await face.do(session.create(token="t", user=1, mail="m"))
        calls = (
            lambda: session.create(token="u", user=1),
            lambda: one.user.get(),
            lambda: one.user.set(2),
            lambda: one.update(user=3),
            lambda: one.expires.expire(10),
            lambda: one.expires.expire(10, gt=True),
            lambda: one.expires.ttl(),
            lambda: session.exists("t"),
            lambda: session.get(mail="m"),
            lambda: session.collection(user=3).count(),
            lambda: face.all(session.collection(user=3)),
        )
        for call in calls:
            await face.do(call())  # the server learns the script
        await face.do(session.lazy_connect("u").delete())
        for number, call in enumerate(calls):
            with face.sent() as sent:
                await face.do(call())
            packets = {"EVALSHA": 1}.get(sent.names[0], 0) or sent.names[-1] == "TIME"
            assert packets, (number, sent.names)
            assert sent.names.count("EVALSHA") <= 1


@pytest.mark.parametrize("readonly", [False, True])
def test_permissions(one_server, readonly):
    """The rules for an account suffice."""

    class Session(RedisModel):
        database = RedisDatabase(port=one_server.port)
        until = DeadlineField(ttl=HOUR)
        user = InstanceHashField(type=int, indexable=True)

    one = Session(user=1)
    with one_server.client() as client:
        client.acl_deluser("blog")
        rules = acl_rules(Session, readonly=readonly)
        client.execute_command("ACL", "SETUSER", "blog", "on", ">secret", *rules)
    Session.use_database(RedisDatabase(port=one_server.port, username="blog", password="secret"))
    if not readonly:
        Session(user=2).until.expire(0)
    assert list(Session.collection(user__gte=0)) == [one.pk.get()]
    assert Session.collection(user__gte=0).sort(by="user").count() == 1
    assert one.user.get() == 1
    assert one.until.ttl() > 0
    if not readonly:
        assert Session.sweep() == 1


def test_the_command_sweeps(one_server, tmp_path, monkeypatch, capsys):
    pytest.importorskip("typer")
    from limpyd.cli.app import run  # noqa: PLC0415

    (tmp_path / "sweptshop.py").write_text(
        "from datetime import timedelta\nfrom limpyd import *\n"
        f"class Base(RedisModel):\n    abstract = True\n    database = RedisDatabase(port={one_server.port})\n"
        "class Session(Base):\n    until = DeadlineField()\n    name = StringField()\n"
        "class Plain(Base):\n    name = StringField()\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    import sweptshop  # noqa: PLC0415

    sweptshop.Session(name="x", until=timedelta(milliseconds=1))
    time.sleep(0.003)
    assert run(["sweep", "sweptshop", "--json"]) == 0
    ((swept,),) = json.loads(capsys.readouterr().out).values()
    assert (swept["model"], swept["swept"]) == ("sweptshop:Session", 1)


class TestDeclarations:
    def test_refused(self, one_server):
        class Base(RedisModel):
            database = RedisDatabase(port=one_server.port)
            abstract = True

        with pytest.raises(DeclarationError, match="two DeadlineFields"):

            class Two(Base):
                one = DeadlineField()
                two = DeadlineField()

        with pytest.raises(DeclarationError, match="not a positive timedelta"):
            DeadlineField(ttl=timedelta())
        with pytest.raises(DeclarationError, match="takes no 'indexable'"):
            DeadlineField(indexable=True)  # type: ignore[call-arg]

        class Expiring(Base):
            until = DeadlineField()

        with pytest.raises(DeclarationError, match="on_delete='restrict' cannot forbid that"):

            class Refers(Base):
                to = FKInstanceHashField(Expiring, on_delete="restrict")

        class User(Base):
            name = StringField()

        with pytest.raises(DeclarationError, match="must not forbid the deletion"):

            class Restricts(Base):
                until = DeadlineField()
                user = FKInstanceHashField(User, on_delete="restrict")

        with pytest.raises(DeclarationError, match="cannot be part of another index"):

            class Composite(Base):
                until = DeadlineField()
                name = InstanceHashField(indexes=[EqualIndexWith(other_fields=["until"])])

    @pytest.mark.parametrize("policy", ["clear", "cascade"])
    async def test_references_of_expiring_objects(self, face, policy):
        class User(face.Model):
            database = face.database
            name = StringField(indexable=True)

        class Login(face.Model):
            database = face.database
            until = DeadlineField(ttl=HOUR)
            user = FKInstanceHashField(User, on_delete=policy, related_name="logins")

        user = await face.do(User.create(name="x"))
        old, new = await face.do(Login.create(user=user)), await face.do(Login.create(user=user))
        await face.do(old.until.expire(0))
        assert await face.all(user.logins()) == [await face.do(new.pk.get())]
        assert await face.all(Login.collection(user__name="x")) == [await face.do(new.pk.get())]
        await face.do(user.delete())
        assert await face.do(Login.collection().count()) == (0 if policy == "cascade" else 1)
        await face.do(Login.sweep())
        assert (await face.do(Login.check())).ok
