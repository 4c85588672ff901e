"""Requests of several parts, which are sent at once, and in rounds."""

from __future__ import annotations

from time import monotonic

import pytest

from limpyd import InstanceHashField, ListField
from limpyd.exceptions import LimpydError, NotInPipeline
from limpyd.requests.request import Request, resolved
from limpyd.requests.scattered import Pause, Scattered, scattered, together
from tests.support.blocks import block

pytestmark = pytest.mark.each_face
PAUSE = 0.05


def get(key):
    return Request((b"GET", key), lambda reply: reply and reply.decode(), readonly=True)


def in_two_rounds():
    (first,) = yield [get(b"next")]
    values = yield [get(first.encode()), get(b"b")]
    return "".join(values)


@pytest.fixture
def stored(any_face):
    any_face.client.mset({"a": "1", "b": "2", "next": "a"})


async def run(face, request):
    return await face.do(face.database._run(request))


@pytest.mark.usefixtures("stored")
async def test_the_parts_are_sent_at_once(any_face):
    assert await run(any_face, together([get(b"a"), get(b"b"), get(b"c")])) == ["1", "2", None]
    with any_face.sent() as sent:
        assert await run(any_face, scattered([get(b"a"), get(b"b")], "".join).then(int)) == 12
    assert sent.names == ["GET", "GET"]


@pytest.mark.usefixtures("stored")
async def test_rounds_follow_each_other(any_face):
    request = Scattered(in_two_rounds)
    for _ in range(2):  # it may be sent again
        with any_face.sent() as sent:
            assert await run(any_face, request) == "12"
        assert sent.names == ["GET"] * 3


def pausing_first():
    yield Pause(PAUSE)
    (value,) = yield [get(b"a")]
    return value


def pausing_between():
    yield [get(b"a")]
    yield Pause(PAUSE)
    (value,) = yield [get(b"a")]
    return value


def pausing_last():
    (value,) = yield [get(b"a")]
    yield Pause(PAUSE)
    return value


def only_pausing():
    yield Pause(PAUSE)
    return "1"


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("rounds", [pausing_first, pausing_between, pausing_last, only_pausing])
async def test_pauses_take_their_time(any_face, rounds):
    for request in (Scattered(rounds), together([Scattered(rounds), get(b"a")])):
        begun = monotonic()
        assert await run(any_face, request) in ("1", ["1", "1"])
        assert monotonic() - begun >= PAUSE


@pytest.mark.usefixtures("stored")
async def test_parts_may_be_known_or_scattered_themselves(any_face):
    inner = together([get(b"b"), resolved("x")])
    assert await run(any_face, together([get(b"a"), inner, Scattered(in_two_rounds)])) == ["1", ["2", "x"], "12"]
    assert await run(any_face, together([])) == []


@pytest.mark.usefixtures("stored")
async def test_if_a_part_fails_there_is_no_result(any_face):
    any_face.client.rpush("list", "1")
    await any_face.refused(LimpydError, lambda: any_face.database._run(together([get(b"a"), get(b"list")])))


@pytest.mark.usefixtures("stored")
async def test_a_program_may_yield_several_requests(any_face):
    def program():
        values = yield [get(b"a"), get(b"b")]
        single = yield get(b"next")
        return [*values, single]

    assert await any_face.do(any_face.database._run_program(program())) == ["1", "2", "a"]


@pytest.mark.usefixtures("stored")
async def test_in_a_pipeline_the_first_round_joins_the_others(any_face):
    database = any_face.database
    with any_face.sent() as sent:
        async with block(any_face, database.pipeline()):
            found = [database._run(request) for request in (get(b"b"), Scattered(in_two_rounds), get(b"a"))]
    assert [pending.value for pending in found] == ["2", "12", "1"]
    assert sent.names == ["GET"] * 5
    assert [command[1] for command in sent.commands] == ["b", "next", "a", "a", "b"]


@pytest.mark.usefixtures("stored")
async def test_in_a_pipeline_only_the_operation_fails_whose_part_does(any_face):
    any_face.client.rpush("list", "1")
    pipeline = any_face.database.pipeline()
    async with block(any_face, pipeline):
        failing = any_face.database._run(together([get(b"a"), get(b"list")]))
        other = any_face.database._run(together([get(b"a"), get(b"b")]))
        results = await any_face.do(pipeline.execute(raise_on_error=False))
    assert isinstance(failing.error, LimpydError)
    assert results == [failing.error, other.value]
    assert other.value == ["1", "2"]


@pytest.mark.parametrize("kind", ["transaction", "MULTI"])
async def test_a_transaction_refuses_it(any_face, kind):
    database = any_face.database
    opened = database.transaction() if kind == "transaction" else database.pipeline(transaction=True)
    with pytest.raises(NotInPipeline, match="several partitions"):
        async with block(any_face, opened):
            database._run(scattered([get(b"a")], list).then(len))


async def test_scripts_and_epochs_are_those_of_pipelines(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        number = InstanceHashField(type=int, indexable=True)
        queue = ListField()

    things = [await any_face.do(Thing.create(number=number)) for number in range(3)]
    any_face.client.script_flush()
    any_face.client.hset("{thing}:meta", ":epoch", "another")
    writes = together([thing.number.hincrby.__func__.describe(thing.number, 5) for thing in things])
    with any_face.sent():
        assert await run(any_face, writes) == [5, 6, 7]
    counted = together([Thing.collection(number=number)._count() for number in (5, 6, 8)])
    assert await run(any_face, counted) == [1, 1, 0]
