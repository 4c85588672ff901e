"""Values with a deadline, of fields with an index: gone from then on, whether they have been removed or not."""

from datetime import UTC, datetime, timedelta

import pytest

from limpyd import DeadlineField, InstanceHashField, PKField, StringField, UniquenessError
from limpyd.exceptions import DoesNotExist, InvalidValue, LimpydError, ServerError, StoredValueError
from limpyd.statements.assignment import Assignment
from tests.support.blocks import block
from tests.support.clocks import is_left, passed
from tests.support.expected_indexes import state

HOUR, SHORT = timedelta(hours=1), timedelta(milliseconds=1)


@pytest.fixture
def person(face):
    class User(face.Model):
        database = face.database
        name = PKField()
        token = InstanceHashField(type=str, unique=True, expires=True)
        level = InstanceHashField(type=int, indexable=True, expires=True)
        city = InstanceHashField(type=str, indexable=True)

    return User


def stored(face, pattern=b"*uniq*"):
    """The unique values on the server, with their owners."""
    return {value: pk for key in face.client.scan_iter(pattern) for value, pk in face.client.hgetall(key).items()}


async def test_a_value_is_gone_from_its_deadline_on(face, person):
    do = face.do
    user = await do(person.create(name="ada", token="t", city="Paris"))
    assert await do(user.token.hexpire(60)) is True
    assert is_left(await do(user.token.httl()), 60)
    assert await do(user.token.hget()) == "t"
    assert await face.all(person.collection(token="t")) == ["ada"]
    assert await do(user.token.hpexpire(1)) is True
    passed(face)
    assert stored(face) == {b"t": b"ada"}  # nothing has run
    assert await do(user.token.hget()) is None
    assert await do(user.token.hexists()) is False
    assert is_left(await do(user.token.httl()), -2)
    assert await face.all(person.collection(token="t")) == []
    assert await face.all(person.collection()) == ["ada"]
    assert stored(face) == {}
    assert (await do(person.check())).ok


async def over(face, user, field="token"):
    """Lets a value lapse, which is not removed."""
    await face.do(getattr(user, field).hpexpire(1))
    passed(face)


class TestWrites:
    async def test_sets_and_removals_are_statements(self, face, person):
        """The general scripts, with a journal, take the server several times as long."""

        class Note(face.Model):
            database = face.database
            text = StringField(type=str, indexable=True, expires=True)

        commands = [(person.token, command) for command in ("HSET", "HDEL", "HSETEX")]
        for field, command in (*commands, *((Note.text, command) for command in ("SET", "DEL", "SETEX", "PSETEX"))):
            partition = field.model.keys.first
            statement = field.prepared(partition, field.place_in(partition), command)
            assert isinstance(statement, Assignment)
        do, user = face.do, await face.do(person.create(name="ada", token="t"))
        note = await do(Note.create(text="a"))
        found = [await do(call()) for call in (lambda: user.token.hset("u"), user.token.hdel, user.token.hdel)]
        assert found == [False, True, False]
        found = [await do(call()) for call in (lambda: user.token.hsetex("v", ex=60), user.token.httl, user.token.hdel)]
        assert found[::2] == [True, True]
        assert is_left(found[1], 60)
        found = [await do(call()) for call in (lambda: note.text.set("b", px=60_000), note.text.ttl, note.text.delete)]
        assert found[::2] == [True, True]
        assert is_left(found[1], 60)
        assert await do(note.text.delete()) is False
        await do(note.text.setex(60, "c"))
        assert await face.all(Note.collection(text="c", text_deadline__lt=HOUR)) == [await do(note.pk.get())]
        assert (await do(person.check())).ok
        assert (await do(Note.check())).ok

    async def test_a_new_value_has_no_deadline(self, face, person):
        do = face.do
        user = await do(person.create(name="ada", token="t"))
        for write in (
            lambda: user.token.hset("u"),
            lambda: user.update(token="v"),
            lambda: user.hmset(token="w"),
            lambda: person.update("ada", token="x"),
            lambda: person.collection(name="ada").update(token="y"),
            lambda: person.bulk_update([("ada", {"token": "z"})]),
            lambda: user.token.hsetex("a"),
        ):
            await do(user.token.hexpire(60))
            assert is_left(await do(user.token.httl()), 60)
            await do(write())
            assert await do(user.token.httl()) == -1, write

    async def test_increments_keep_it(self, face, person):
        do = face.do
        user = await do(person.create(name="ada", level=1))
        await do(user.level.hexpire(60))
        assert await do(user.level.hincrby(2)) == 3
        assert is_left(await do(user.level.httl()), 60)
        assert await face.all(person.collection(level=3)) == ["ada"]

    async def test_what_does_nothing_keeps_it(self, face, person):
        do = face.do
        user = await do(person.create(name="ada", token="t"))
        await do(user.token.hexpire(60))
        assert await do(user.token.hsetnx("u")) is False
        assert await do(user.token.hsetex("u", fnx=True, ex=5)) is False
        assert is_left(await do(user.token.httl()), 60)
        other = await do(person.create(name="bob", token="u"))
        await face.refused(UniquenessError, lambda: user.token.hset("u"))
        await face.refused(UniquenessError, lambda: user.update(token="u", city="Rome"))
        assert is_left(await do(user.token.httl()), 60)
        assert await do(other.token.hdel()) is True
        assert await do(other.token.hsetex("v", fxx=True, ex=5)) is False
        assert is_left(await do(other.token.httl()), -2)
        assert await do(other.token.hsetex("v", fnx=True, ex=5)) is True
        assert is_left(await do(other.token.httl()), 5)
        assert await do(other.token.hsetex("w", fxx=True, keepttl=True)) is True
        assert await do(other.token.hget()) == "w"
        assert is_left(await do(other.token.httl()), 5)

    async def test_conditions_of_deadlines(self, face, person):
        do = face.do
        user = await do(person.create(name="ada"))
        assert await do(user.token.hexpire(60)) is False
        assert is_left(await do(user.token.httl()), -2)
        await do(user.token.hset("t"))
        assert await do(user.token.hexpire(60, xx=True)) is False
        assert await do(user.token.hexpire(60, gt=True)) is False
        assert await do(user.token.hexpire(60, nx=True)) is True
        assert await do(user.token.hexpire(30, nx=True)) is False
        assert await do(user.token.hexpire(30, gt=True)) is False
        assert await do(user.token.hexpire(30, lt=True)) is True
        assert is_left(await do(user.token.httl()), 30)
        moment = datetime(2100, 1, 1, tzinfo=UTC)
        assert await do(user.token.hexpireat(moment)) is True
        assert await do(user.token.hexpiretime()) == int(moment.timestamp())
        assert await do(user.token.hpexpiretime()) == 1000 * int(moment.timestamp())
        assert await do(user.token_deadline.get()) == moment
        assert await do(user.token.hpersist()) is True
        assert await do(user.token.hpersist()) is False
        assert await do(user.token.hpttl()) == -1
        assert await do(user.token.hgetex(ex=7)) == "t"
        assert is_left(await do(user.token.httl()), 7)
        assert await do(user.token.hgetex(persist=True)) == "t"
        assert is_left(await do(user.token.httl()), -1)

    async def test_deadlines_beyond_all_datetimes_are_refused(self, face, person):
        user = await face.do(person.create(name="ada", token="t"))
        for call in (
            lambda: user.token.hexpire(10**12),
            lambda: user.token.hpexpireat(10**15),
            lambda: user.token.hsetex("u", ex=2**60),
            lambda: user.update(token="u", token_deadline=timedelta.max),
        ):
            await face.refused(InvalidValue, call)
        assert await face.do(user.token.hget()) == "t"

    async def test_another_takes_a_unique_value_that_has_lapsed(self, face, person):
        do = face.do
        ada, bob = await do(person.create(name="ada", token="t")), await do(person.create(name="bob"))
        await face.refused(UniquenessError, lambda: bob.token.hset("t"))
        await over(face, ada)
        assert await do(bob.token.hset("t")) is True
        assert stored(face) == {b"t": b"bob"}
        await over(face, bob)
        await do(person.create(name="eve", token="t"))
        assert await do(ada.token.hget()) is None
        assert (await do(person.check())).ok

    async def test_a_new_value_after_one_that_has_lapsed(self, face, person):
        user = await face.do(person.create(name="ada", token="t"))
        await over(face, user)
        assert await face.do(user.token.hset("u")) is True
        assert stored(face) == {b"u": b"ada"}

    async def test_creations_with_deadlines(self, face, person):
        do = face.do
        user = await do(person.create(name="ada", token="t", token_deadline=HOUR))
        assert is_left(await do(user.token.httl()), 3600)
        await do(person.bulk_create([{"name": str(n), "token": str(n), "token_deadline": HOUR} for n in range(3)]))
        assert is_left(await do(person.lazy_connect("1").token.httl()), 3600)
        await do(user.update(token="u", token_deadline=2 * HOUR))
        assert is_left(await do(user.token.httl()), 7200)

    async def test_deletions_leave_nothing(self, face, person):
        user = await face.do(person.create(name="ada", token="t", token_deadline=SHORT))
        passed(face)
        await face.do(user.delete())
        assert face.keys() == set()


class TestReads:
    async def test_of_the_deadline(self, face, person):
        do = face.do
        user = await do(person.create(name="ada", token="t"))
        deadline = user.token_deadline
        assert [await do(deadline.ttl()), await do(deadline.pttl()), await do(deadline.expiretime())] == [-1, -1, -1]
        assert await do(deadline.expire(60)) is True
        for is_atomic in (True, False):
            async with block(face, face.database.transaction() if is_atomic else face.database.pipeline()):
                found = [deadline.ttl(), deadline.pttl(), deadline.expiretime(), deadline.pexpiretime(), deadline.get()]
                rest = user.city.hget()
            left, left_ms, moment, moment_ms, date = (each.value for each in found)
            assert is_left(left, 60)
            assert 59_000 < left_ms <= 60_000
            assert moment == moment_ms // 1000 == int(date.timestamp())
            assert rest.value is None
        assert is_left(await do(deadline.ttl()), 60)
        assert 59_000 < await do(deadline.pttl()) <= 60_000
        assert await do(deadline.persist()) is True
        assert await do(deadline.ttl()) == -1

    async def test_of_a_value_whose_deadline_is_none(self, face, person):
        user = await face.do(person.create(name="ada", token="t"))
        face.client.hset(f"{{{person._schema.keys.tag}}}:hash:ada", "token_deadline", "soon")
        await face.refused(StoredValueError, lambda: user.token.hget(), match="token_deadline of User")
        await face.do(user.token.hset("u"))
        assert await face.do(user.token.hget()) == "u"

    async def test_of_several_fields(self, face, person):
        do = face.do
        user = await do(person.create(name="ada", token="t", city="Paris", level=1))
        for _ in range(3):  # so that a call like these could be sent without a request
            assert await do(user.hmget("token", "city", "level")) == ["t", "Paris", 1]
        await over(face, user)
        await over(face, user, "level")
        assert await do(user.hmget("token", "city", "level")) == [None, "Paris", None]
        assert await do(user.hgetall()) == {"city": "Paris"}
        assert await do(user.hlen()) == 1

    async def test_each_kind_of_query_meets_no_value_that_has_lapsed(self, face, person):
        do = face.do

        async def lapsed():
            await do(person.collection().delete())
            for name, level in (("ada", 1), ("bob", 2), ("eve", 3)):
                user = await do(person.create(name=name, token=name, level=level, city="Paris"))
                if name == "bob":
                    await do(user.level.hpexpire(1))
                    await do(user.token.hpexpire(1))
            passed(face)

        async def listed(collection):
            return sorted(await face.all(collection))

        for question, answer in (
            (lambda: listed(person.collection(level=2)), []),
            (lambda: listed(person.collection(level__in=[1, 2])), ["ada"]),
            (lambda: listed(person.collection(person.level > 1)), ["eve"]),
            (lambda: listed(person.collection(level__isnull=True)), ["bob"]),
            (lambda: listed(person.collection(token__in=["ada", "bob"])), ["ada"]),
            (lambda: face.all(person.collection().sort(by="level").values_list("level", flat=True)), [1, 3, None]),
            (lambda: face.all(person.collection().values_list("pk", "token")), None),
            (lambda: do(person.collection(level=2).count()), 0),
            (lambda: do(person.collection().count()), 3),
            (lambda: do(person.collection().sum("level")), 4),
            (lambda: do(person.collection().max("level")), 3),
            (lambda: do(person.collection().count_by("level")), {1: 1, 3: 1}),
            (lambda: do(person.exists(token="bob")), False),
            (lambda: do(person.exists(level=2)), False),
            (lambda: do(person.collection(level=2).delete()), 0),
            (lambda: do(person.collection(level=2).update(city="Rome")), 0),
            (lambda: do(person.collection(~(person.level == 2)).count()), 3),
        ):
            await lapsed()
            found = await question()
            if answer is None:
                assert sorted(found) == [("ada", "ada"), ("bob", None), ("eve", "eve")]
            else:
                assert found == answer, (found, answer)


class TestSweeps:
    async def test_many_at_once(self, face, person, monkeypatch):
        monkeypatch.setattr("limpyd.schema.lapsing.MOST", 10)
        do = face.do
        await do(person.bulk_create([{"name": str(n), "token": str(n), "token_deadline": SHORT} for n in range(95)]))
        passed(face)
        assert await do(person.collection(token__isnull=False).count()) == 0
        assert stored(face) == {}
        await do(person.bulk_update([(str(n), {"token": str(n), "token_deadline": SHORT}) for n in range(95)]))
        passed(face)
        assert (await do(person.check())).ok
        await do(person.bulk_update([(str(n), {"token": str(n), "token_deadline": SHORT}) for n in range(95)]))
        passed(face)
        assert await do(person.sweep()) == 95
        assert await do(person.sweep()) == 0

    @pytest.mark.parametrize("odd", [" a b ", ":", "*", "{x}", "\0", "🐍é", "a\r\n", "12:x,=", "now-1"])
    async def test_any_text(self, face, person, odd):
        do = face.do
        user = await do(person.create(name=odd, token=odd, level=1, city=odd))
        await over(face, user)
        await over(face, user, "level")
        other = await do(person.create(name="other", token=odd))
        assert await do(user.hgetall()) == {"city": odd}
        assert await face.all(person.collection(token=odd)) == ["other"]
        await do(other.token.hexpire(60))
        assert (await do(person.check())).ok

    async def test_a_server_that_forgets_scripts(self, face, person):
        user = await face.do(person.create(name="ada", token="t"))
        await over(face, user)
        face.client.script_flush()
        assert await face.all(person.collection(token="t")) == []
        await face.do(user.token.hset("t"))
        await over(face, user)
        face.client.script_flush()
        assert await face.do(user.token.hset("u")) is True

    async def test_keys_of_other_types(self, face, person):
        """What cannot be removed is said; nothing else is done."""
        do = face.do
        user = await do(person.create(name="ada", token="t", level=1))
        await do(user.token.hpexpire(1))
        await do(person.sweep())
        await do(user.token.hset("t"))
        await over(face, user)
        (unique,) = face.client.scan_iter("*uniq:token")
        face.client.delete(unique)
        face.client.set(unique, "x")
        await face.refused(ServerError, lambda: user.level.hset(2), match="could not be removed: WRONGTYPE")
        assert face.client.hget(f"{{{person._schema.keys.tag}}}:hash:ada", "level") == b"1"
        face.client.delete(unique)
        await do(user.level.hset(2))
        assert (await do(person.check())).ok

    @pytest.mark.parametrize("lost", ["hash:ada", "uniq:token", "deadline:token_deadline"])
    async def test_writes_with_a_key_of_another_type_are_refused_whole(self, face, person, lost):
        do = face.do
        user = await do(person.create(name="ada", token="t"))
        await do(user.token.hexpire(60))
        tag = person._schema.keys.tag
        key, kept = f"{{{tag}}}:{lost}", f"{{{tag}}}kept"
        face.client.rename(key, kept)
        face.client.set(key, "x")
        before = state(face.client)
        for write in (lambda: user.token.hset("u"), user.token.hdel, lambda: user.update(token="v")):
            await face.refused(LimpydError, write, match="WRONGTYPE|should be|is no")
            assert state(face.client) == before
        face.client.rename(kept, key)
        assert await do(user.token.hset("u")) is False
        assert (await do(person.check())).ok

    async def test_requests_are_one_whether_a_deadline_is_over_or_not(self, face, person):
        do = face.do
        user = await do(person.create(name="ada", token="t", level=1))
        await do(user.token.hexpire(60))
        for call in (
            lambda: user.token.hget(),
            lambda: user.token.httl(),
            lambda: user.token.hset("u"),
            lambda: user.token.hexpire(60),
            lambda: user.token.hsetex("v", ex=60),
            lambda: user.token.hgetex(ex=60),
            lambda: user.token.hpersist(),
            lambda: user.hmget("token", "city"),
            lambda: user.update(token="w"),
            lambda: person.collection(token="w").count(),
            lambda: person.get(token="w"),
            lambda: person.get_or_create(name="bob", defaults={"token": "x", "token_deadline": HOUR}),
        ):
            await do(call())
            await over(face, user, "level")
            with face.sent() as sent:
                await do(call())
            assert len([name for name in sent.names if name != "TIME"]) == 1  # which is in the packet of a read


@pytest.mark.parametrize("first", ["values", "objects"])
async def test_objects_that_expire_in_transactions_with_values_that_lapse(any_face, first):
    """The script of a transaction has what the models of both need, whichever comes first."""
    face = any_face

    class User(face.Model):
        database = face.database
        token = InstanceHashField(unique=True, expires=True)
        city = InstanceHashField(indexable=True)

    class Session(face.Model):
        database = face.database
        expires = DeadlineField()
        visits = InstanceHashField(type=int)

    do = face.do
    user, session = await do(User.create(token="t")), await do(Session.create(visits=1, expires=HOUR))
    await over(face, user)
    await do(session.expires.pexpire(1))
    passed(face)
    writes = [lambda: user.city.hset("Rome"), lambda: session.visits.hset(2)]
    with pytest.raises(DoesNotExist):
        async with block(face, face.database.transaction()):
            for write in writes if first == "values" else writes[::-1]:
                write()
    assert await do(user.city.hget()) is None
    assert stored(face) == {}
