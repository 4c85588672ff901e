"""What takes several requests is one program for both faces."""

from __future__ import annotations

import asyncio

import pytest

from limpyd.exceptions import ServerError
from limpyd.requests.request import Request


def send(*args):
    return Request(args, lambda reply: reply)


async def test_results_are_sent_in_and_returned(any_face):
    def program():
        first = yield send("INCR", "number")
        second = yield send("INCR", "number")
        return first, second

    assert await any_face.do(any_face.database._run_program(program())) == (1, 2)


async def test_without_any_request(any_face):
    def program():
        return 7
        yield

    assert await any_face.do(any_face.database._run_program(program())) == 7


async def test_errors_are_thrown_in(any_face):
    cleaned = []

    def program():
        yield send("SET", "text", "x")
        try:
            yield send("INCR", "text")
        except ServerError as error:
            cleaned.append(str(error))
            yield send("DEL", "text")
        try:
            yield send("NONSENSE")
        finally:
            cleaned.append("end")

    await any_face.refused(ServerError, lambda: any_face.database._run_program(program()), match="NONSENSE")
    assert [text[-3:] for text in cleaned][1:] == ["end"]
    assert "integer" in cleaned[0]
    assert not any_face.client.exists("text")


async def test_errors_of_the_program_end_it(any_face):
    def program():
        yield send("SET", "text", "x")
        raise KeyError

    await any_face.refused(KeyError, lambda: any_face.database._run_program(program()))


async def test_a_task_that_is_cancelled_cleans_up(any_face):
    if not any_face.is_async:
        pytest.skip("only tasks are cancelled")
    begun, cleaned = asyncio.Event(), []

    def program():
        try:
            while True:
                begun.set()
                yield send("PING")
        finally:
            cleaned.append(True)

    task = asyncio.create_task(any_face.database._run_program(program()))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == [True]
