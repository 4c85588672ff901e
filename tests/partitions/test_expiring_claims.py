"""Values that are unique over several partitions, of objects that expire: free from the deadline on."""

from datetime import timedelta

import pytest

from limpyd import AutoPKField, DeadlineField, InstanceHashField, UniquenessError
from limpyd.claims import requests


@pytest.fixture
def session(face, monkeypatch):
    monkeypatch.setattr(requests, "GRACE", 0)  # claims count as old at once

    class Session(face.Model):
        database = face.database
        partitions = 4
        id = AutoPKField()
        expires = DeadlineField(ttl=timedelta(hours=1))
        number = InstanceHashField(type=int, unique=True)

    return Session


async def expired(face, session, number):
    one = await face.do(session.create(number=number))
    await face.do(one.expires.expire(0))
    return one


async def check(face, session):
    """All that a check finds."""
    return dict((await face.do(session.check())).found)


async def test_are_free_everywhere(face, session):
    for number in range(12):  # in all partitions
        old = await expired(face, session, 7)
        assert not await face.do(session.exists(number=7))
        new = await face.do(session.create(number=7, expires=None))
        assert old._pk != new._pk
        await face.refused(UniquenessError, lambda: session.create(number=7))
        assert await face.all(session.collection(number=7)) == [new._pk]
        assert await check(face, session) == {}
        await face.do(new.number.set(100 + number))
    assert await face.do(session.sweep()) > 0
    assert await check(face, session) == {}
    assert sorted(await face.all(session.collection().values_list("number", flat=True))) == [*range(100, 112)]


@pytest.mark.parametrize("how", ["set", "update", "bulk_create", "get_or_create", "bulk_update"])
async def test_others_take_them(face, session, how):
    one = await face.do(session.create(number=1))
    for number in range(50, 58):
        await expired(face, session, number)
        match how:
            case "set":
                await face.do(one.number.set(number))
            case "update":
                await face.do(one.update(number=number))
            case "bulk_create":
                (pk,) = (await face.do(session.bulk_create([{"number": number}], pks=True))).pks
                one = session.lazy_connect(pk)
            case "get_or_create":
                one, is_new = await face.do(session.get_or_create(number=number))
                assert is_new
            case "bulk_update":
                await face.do(session.bulk_update([(one, {"number": number})]))
        assert await face.all(session.collection(number=number)) == [one._pk]
        await face.refused(UniquenessError, lambda number=number: session.create(number=number))
    assert await check(face, session) == {}
    await face.do(session.sweep())
    assert await check(face, session) == {}
    assert await face.all(session.collection(number=57)) == [one._pk]


async def test_restored_claims_are_those_of_the_living(face, session):
    """After claims were lost, the value of an expired object that is not removed does not replace that of another."""
    await face.do(session.create(number=1))
    for number in range(20, 32):
        await expired(face, session, number)
        await face.do(session.create(number=number, expires=None))
    for key in face.client.scan_iter("*:claim:*"):
        face.client.delete(key)
    assert (await face.do(session.check(repair=True))).found["unclaimed"] == 13
    for number in range(20, 32):
        await face.refused(UniquenessError, lambda number=number: session.create(number=number))
    assert await check(face, session) == {}


async def test_values_of_the_living_are_not(face, session):
    one = await face.do(session.create(number=1, expires=timedelta(minutes=1)))
    for _ in range(6):
        await face.refused(UniquenessError, lambda: session.create(number=1))
    await face.do(one.expires.persist())
    await face.refused(UniquenessError, lambda: session.create(number=1))
    assert await check(face, session) == {}
