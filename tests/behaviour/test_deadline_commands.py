"""The commands of deadlines within pipelines and transactions, and in totals."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from limpyd import DeadlineField, DoesNotExist, InstanceHashField, UniquenessError
from limpyd.exceptions import DeclarationError, InvalidFilter, InvalidValue
from tests.support.blocks import block


@pytest.fixture
def session(face):
    class Session(face.Model):
        database = face.database
        expires = DeadlineField(ttl=timedelta(hours=1))
        number = InstanceHashField(type=int, unique=True)

    return Session


async def collected(face, collecting, *calls):
    """The results of calls that a pipeline or transaction collects."""
    async with block(face, collecting):
        pending = [call() for call in calls]
    return [each.value for each in pending]


@pytest.mark.parametrize("kind", ["pipeline", "transaction"])
async def test_conditions_and_times(face, session, kind):
    one = await face.do(session.create(number=1))
    results = await collected(
        face,
        getattr(face.database, kind)(),
        lambda: one.expires.expire(60, gt=True),
        lambda: one.expires.expire(60, nx=True),
        lambda: one.expires.expire(60, lt=True),
        lambda: one.expires.ttl(),
        lambda: one.expires.pexpire(7_200_000, xx=True),
        lambda: one.expires.pttl(),
        lambda: one.expires.persist(),
        lambda: one.expires.ttl(),
        lambda: one.expires.expire(60, gt=True),
        lambda: one.expires.expire(60, xx=True),
        lambda: one.expires.expire(30, nx=True),
    )
    assert 7_199_000 < results[5] <= 7_200_000
    assert [*results[:5], *results[6:]] == [False, False, True, 60, True, True, -1, False, False, True]
    assert await face.do(one.expires.ttl()) == 30
    assert (await face.do(session.check())).ok


async def test_a_refused_transaction_puts_the_deadline_back(face, session):
    await face.do(session.create(number=1))
    one = await face.do(session.create(number=2))
    with pytest.raises(UniquenessError):
        await collected(
            face, face.database.transaction(), lambda: one.expires.expire(60, lt=True), lambda: one.number.set(1)
        )
    assert await face.do(one.expires.ttl()) == 3600
    assert (await face.do(session.check())).ok


async def test_of_expired_objects(face, session):
    one = await face.do(session.create(number=1))
    await face.do(one.expires.expire(0))
    for call in (lambda: one.expires.expire(60, gt=True), lambda: one.expires.ttl()):
        with pytest.raises(DoesNotExist):
            await collected(face, face.database.transaction(), call)


async def test_transactions_that_watch_send_the_source_once(face, session):
    one = await face.do(session.create(number=1))

    def renew(transaction):
        transaction.multi()
        one.expires.expire(60)

    async def renew_async(transaction):
        renew(transaction)

    for _ in range(3):
        with face.sent() as sent:
            await face.do(face.database.transaction(renew_async if face.is_async else renew, one.number))
    assert sent.names == ["WATCH", "SCRIPT", "MULTI", "EVALSHA", "EXEC"]


async def test_deadlines_cannot_be_added(face, session):
    one = await face.do(session.create(number=1))
    found = session.collection()
    for total in ("sum", "avg"):
        await face.refused(InvalidFilter, lambda total=total: getattr(found, total)("expires"), match="moments")
    assert await face.do(found.min("expires")) == await face.do(one.expires.get())


async def test_deadlines_that_no_datetime_can_be(face, session):
    one = await face.do(session.create(number=1))
    last = datetime.max.replace(tzinfo=UTC)
    refused = (
        lambda: one.expires.set(timedelta.max),
        lambda: one.update(expires=timedelta(days=3_000_000)),
        lambda: one.expires.expire(10**15),
        lambda: one.expires.pexpire(timedelta.max // timedelta(milliseconds=1)),
        lambda: one.expires.expireat(253_402_300_800),
        lambda: one.expires.pexpireat(253_402_300_800_000),
        lambda: session.create(expires=timedelta.min),
    )
    for call in refused:
        await face.refused(InvalidValue, call, match="at most")
    with pytest.raises(DeclarationError, match="at most"):
        DeadlineField(ttl=timedelta.max)
    assert await face.do(one.expires.ttl()) == 3600
    for latest in (last, datetime.max.replace(tzinfo=timezone(timedelta(hours=-5)))):
        await face.do(one.expires.set(latest))
        assert await face.do(one.expires.get()) == last.replace(microsecond=999_000)
    assert await face.do(one.expires.pexpireat(253_402_300_799_999))
    assert await face.do(one.expires.expire(365_000 * 86400))
    assert (await face.do(one.expires.get())).year > 3000
    assert (await face.do(session.check())).ok
