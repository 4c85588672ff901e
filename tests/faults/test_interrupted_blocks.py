"""An exception raised where the block of a pipeline begins or ends, as a signal handler's may be, leaves none open."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack, contextmanager

import pytest

from limpyd import StringField
from limpyd.exceptions import NotInPipeline

pytestmark = pytest.mark.each_face

PLACES = [
    ("__enter__", "call"),
    ("__enter__", "return"),
    ("_enter", "return"),
    ("__exit__", "call"),
    ("_leave", "call"),
]


class Interrupted(BaseException):
    """What a signal handler raises."""


@contextmanager
def interrupted_at(name, event):
    """Raises where a function of the pipelines is called, or returns."""

    def look(frame, happening, _):
        code = frame.f_code
        if happening == event and code.co_name == name and "pipelines" in code.co_filename:
            sys.setprofile(None)
            raise Interrupted

    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(None)


@pytest.fixture
async def thing(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        number = StringField(type=int)

    return await any_face.do(Thing.create(number=0))


@pytest.mark.parametrize("kind", ["pipeline", "transaction"])
@pytest.mark.parametrize(("name", "event"), PLACES)
async def test_no_block_stays_open(any_face, thing, kind, name, event):
    pipe = getattr(any_face.database, kind)()  # held here, so it is not its end that tells
    if any_face.is_async:
        name = name.replace("__e", "__ae")
    try:
        with interrupted_at(name, event):
            if any_face.is_async:
                async with pipe:
                    thing.number.incr()
            else:
                with pipe:
                    thing.number.incr()
    except Interrupted:
        assert await any_face.do(thing.number.get()) == 0, "also while the exception is handled"
    else:
        pytest.fail("there is no such place")
    assert await any_face.do(thing.number.incr()) == 1
    assert any_face.database._active.get() is None


async def test_the_block_around_goes_on(any_face, thing):
    outer, inner = any_face.database.pipeline(), any_face.database.transaction()
    if any_face.is_async:
        async with outer:
            with pytest.raises(Interrupted), interrupted_at("__aexit__", "call"):
                async with inner:
                    thing.number.incr()
            pending = thing.number.set(5)
    else:
        with outer:
            with pytest.raises(Interrupted), interrupted_at("__exit__", "call"), inner:
                thing.number.incr()
            pending = thing.number.set(5)
    assert pending.value is True
    assert await any_face.do(thing.number.get()) == 5


@pytest.mark.parametrize("watches", [False, True])
async def test_the_function_of_a_transaction(any_face, thing, watches):
    def change(transaction):
        if watches:
            transaction.multi()
        thing.number.incr()

    async def change_async(transaction):
        change(transaction)

    func = change_async if any_face.is_async else change
    with pytest.raises(Interrupted), interrupted_at("_end", "call"):
        await any_face.do(any_face.database.transaction(func, *([thing.number] if watches else [])))
    assert await any_face.do(thing.number.incr()) == 1


async def test_adding(any_face, thing):
    pipe = any_face.database.pipeline()
    with pytest.raises(Interrupted), interrupted_at("collect", "return"):
        pipe.add(thing.number.incr)
    assert await any_face.do(thing.number.get()) == 0


async def test_a_stack_of_contexts_holds_a_block(any_face, thing):
    async with AsyncExitStack() as stack:
        pipe = any_face.database.pipeline()
        if any_face.is_async:
            await stack.enter_async_context(pipe)
        else:
            stack.enter_context(pipe)
        pending = thing.number.incr()
        assert not pending.is_done
    assert pending.value == 1


async def test_one_that_was_begun_by_hand(any_face, thing):
    pipe = any_face.database.pipeline()
    await any_face.do(pipe.__aenter__() if any_face.is_async else pipe.__enter__())
    pending = thing.number.incr()
    await any_face.do(pipe.__aexit__(None, None, None) if any_face.is_async else pipe.__exit__(None, None, None))
    assert pending.value == 1
    with pytest.raises(NotInPipeline, match="was used before"):
        await any_face.do(pipe.__aenter__() if any_face.is_async else pipe.__enter__())
