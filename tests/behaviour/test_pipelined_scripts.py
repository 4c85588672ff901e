"""What a pipeline sends of scripts: digests, once the server is known to know them; and what if it does not."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, ListField
from limpyd.drivers import script_cache
from limpyd.exceptions import NotExecuted
from tests.support.blocks import block


@pytest.fixture
async def thing(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        number = InstanceHashField(type=int, indexable=True)
        text = InstanceHashField(indexable=True)
        queue = ListField()

    await any_face.do(Thing.create(number=1, text="a"))
    return Thing


async def piped(face, one, number):
    async with block(face, face.database.pipeline()):
        return [
            one.number.hset(number),
            one.queue.rpush(f"{number}"),
            one.text.hset(f"t{number}"),
            one.number.hget(),
        ]


async def test_the_sources_go_out_once(any_face, thing):
    one = thing.lazy_connect(1)
    await piped(any_face, one, 2)
    with any_face.sent() as sent:
        await piped(any_face, one, 3)
    assert set(sent.names) == {"EVALSHA", "HGET"}
    assert any_face.client.hgetall("{thing}:hash:1") == {b"number": b"3", b"text": b"t3"}


async def test_a_server_is_not_trusted_for_long(any_face, thing, monkeypatch):
    monkeypatch.setattr(script_cache, "TRUSTED", 0.0)
    one = thing.lazy_connect(1)
    await piped(any_face, one, 2)
    with any_face.sent() as sent:
        await piped(any_face, one, 3)
    assert sent.names.count("EVAL") == 3


async def test_another_connection_is_told_the_sources(any_face, thing):
    one = thing.lazy_connect(1)
    await piped(any_face, one, 2)
    await any_face.do(any_face.database.close())
    any_face.client.script_flush()
    results = await piped(any_face, one, 3)
    assert results[3].value == 3


async def test_all_scripts_are_removed_in_between(any_face, thing):
    one = thing.lazy_connect(1)
    await piped(any_face, one, 2)
    for number in range(3, 6):
        any_face.client.script_flush()
        results = await piped(any_face, one, number)
        assert (results[1].value, results[3].value) == (number - 1, number)
    assert any_face.client.lrange("{thing}:field:queue:1", 0, -1) == [b"2", b"3", b"4", b"5"]
    assert any_face.client.hgetall("{thing}:hash:1") == {b"number": b"5", b"text": b"t5"}
    assert await any_face.do(thing.collection(number=5, text="t5").count()) == 1


async def test_one_that_was_overtaken_is_not_made_up_for(any_face, thing):
    one = thing.lazy_connect(1)
    await piped(any_face, one, 2)
    await piped(any_face, one, 3)
    any_face.client.script_flush()
    await any_face.do(one.queue.rpush("between"))  # which brings the source of its script
    results = []
    with pytest.raises(NotExecuted, match="call it again"):
        async with block(any_face, any_face.database.pipeline()):
            results += [one.number.hset(4), one.queue.rpush("4"), one.text.hset("t4"), one.number.hget()]
    with pytest.raises(NotExecuted, match="executed later operations"):
        _ = results[0].value
    assert results[1].value == 4
    assert any_face.client.lrange("{thing}:field:queue:1", 0, -1) == [b"2", b"3", b"between", b"4"]
    # What nothing was done behind is made up for.
    assert any_face.client.hgetall("{thing}:hash:1") == {b"number": b"3", b"text": b"t4"}
    assert results[3].value == 3
    await piped(any_face, one, 5)
    assert any_face.client.hgetall("{thing}:hash:1") == {b"number": b"5", b"text": b"t5"}


async def test_within_multi_all_sources_go_out(any_face, thing):
    one = thing.lazy_connect(1)
    for number in (2, 3):
        any_face.client.script_flush()
        async with block(any_face, any_face.database.pipeline(transaction=True)):
            one.number.hset(number)
            one.text.hset(f"t{number}")
    assert any_face.client.hgetall("{thing}:hash:1") == {b"number": b"3", b"text": b"t3"}
