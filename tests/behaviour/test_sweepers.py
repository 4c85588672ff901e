"""The removal of expired objects in the background."""

import asyncio
import logging
import threading
import time
from datetime import timedelta

import pytest

from limpyd import DeadlineField, InstanceHashField, RedisDatabase, RedisModel, StringField
from limpyd.exceptions import InvalidValue, UnsupportedCommand

SOON = timedelta(milliseconds=1)


@pytest.fixture
def session(face):
    class Session(face.Model):
        database = face.database
        expires = DeadlineField(ttl=SOON)
        user = InstanceHashField(type=int, indexable=True)

    return Session


async def until(condition):
    """Lets the others run until a condition is met."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.002)


class Swept:
    """The block of a sweeper, on either face."""

    def __init__(self, face, model, every):
        self.face, self.sweeper = face, model.sweeping(every)

    async def __aenter__(self):
        return await self.sweeper.__aenter__() if self.face.is_async else self.sweeper.__enter__()

    async def __aexit__(self, *error):
        await self.sweeper.__aexit__(*error) if self.face.is_async else self.sweeper.__exit__(*error)


async def test_removes_what_expires(face, session):
    await face.do(session.bulk_create([{"user": n} for n in range(150)]))
    async with Swept(face, session, timedelta(milliseconds=1)) as sweeper:
        await until(lambda: not face.client.exists("{session}:pks"))
        await face.do(session.bulk_create([{"user": 7}]))
        await until(lambda: sweeper.swept == 151)
    assert face.keys() == {"{session}:seq"}
    await face.do(session.bulk_create([{"user": 7}]))
    assert [thread.name for thread in threading.enumerate() if "sweeper" in thread.name] == []


async def test_ends_at_once(face, session):
    began = time.monotonic()
    async with Swept(face, session, 3600):
        pass
    assert time.monotonic() - began < 20


async def test_goes_on_after_an_error(face, session, caplog):
    caplog.set_level(logging.ERROR, "limpyd.sweeper")
    face.client.set("{session}:deadline:object", "x")
    async with Swept(face, session, 0.001):
        await until(lambda: len(caplog.records) > 1)
        face.client.delete("{session}:deadline:object")
        await face.do(session.create(user=1))
        await until(lambda: not face.client.exists("{session}:pks"))
    assert "a sweep of Session failed" in caplog.text


async def test_is_started_once(face, session):
    async with Swept(face, session, 10) as sweeper:
        await face.refused(RuntimeError, lambda: sweeper.__aenter__() if face.is_async else sweeper.__enter__())


@pytest.mark.parametrize("every", [0, -1, timedelta(), float("nan"), float("inf"), "1", None, True])
def test_refuses_what_is_no_time(one_server, every):
    class Session(RedisModel):
        database = RedisDatabase(port=one_server.port)
        expires = DeadlineField()

    with pytest.raises(InvalidValue, match="not a positive number of seconds"):
        Session.sweeping(every)


async def test_refuses_models_that_do_not_expire(face):
    class Plain(face.Model):
        database = face.database
        name = StringField()

    await face.refused(UnsupportedCommand, lambda: Plain.sweeping(), match="no DeadlineField")
