"""The sync face is what `make faces` generates from the async one."""

from __future__ import annotations

import pytest

from tools import faces


def test_nothing_is_stale():
    for path, text in faces.generated().items():
        assert path.read_text() == text, f"{path.name} is stale; run make faces"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("async def get(self) -> AsyncIterator[X]: ...", "def get(self) -> Iterator[X]: ..."),
        ("async with a as b: return await c(await d)", "with a as b: return c(d)"),
        ("x: Coroutine[Any, Any, dict[str, tuple[A, B]]]", "x: dict[str, tuple[A, B]]"),
        ("f: Callable[[AsyncWatching], Awaitable[list[V]]]", "f: Callable[[Watching], list[V]]"),
        ("x: Coroutine[Any, Any, Coroutine[Any, Any, X]]", "x: X"),
        ("class A(ModelCore[Async]): ...", "class A(ModelCore[Sync]): ..."),
        ("from limpyd.query.asynchronous import AsyncCollection", "from limpyd.query.sync import Collection"),
        ("from limpyd.model.async_bulk import AsyncBulk", "from limpyd.model.sync_bulk import Bulk"),
        (
            '"""Use `await x.get()` or `async for` on the async face."""',
            '"""Use `x.get()` or `for` on the sync face."""',
        ),
        ("awaits = 'an AsyncRedisModel awaits'  # await it", "awaits = 'an RedisModel awaits'  # it"),
        ('f"{await x} of an {AsyncX!r}: await it"', 'f"{x} of an {X!r}: it"'),
        ("x = redis.asyncio.Redis() or asyncio.Lock()", "x = redis.Redis() or asyncio.Lock()"),
        ("def __aenter__(self): ...", "def __enter__(self): ..."),
    ],
)
def test_code(code, expected):
    assert faces.sync_code(code) == expected


def test_imports_that_only_the_async_face_needs_are_removed(tmp_path):
    source = (
        "from collections.abc import AsyncIterator, Coroutine\nfrom typing import Any\n\n\n"
        "def get() -> Coroutine[Any, Any, int]: ...\n"
        "async def walk() -> AsyncIterator[int]:\n    async for x in y:\n        yield x\n"
    )
    assert faces.sync_file(tmp_path / "asynchronous.py", source) == (
        "# Generated from asynchronous.py by `make faces`; edit that file.\nfrom collections.abc import Iterator\n\n\n"
        "def get() -> int: ...\ndef walk() -> Iterator[int]:\n    yield from y\n"
    )


def test_a_union_has_no_member_twice(tmp_path):
    source = "def take(x: Iterable[X] | AsyncIterable[X]): ...\n"
    assert faces.sync_file(tmp_path / "asynchronous.py", source).endswith("def take(x: Iterable[X]): ...\n")


def test_wording_that_no_file_has_any_more_is_found(monkeypatch):
    monkeypatch.setitem(faces.WORDING, "no such phrase anywhere", "")
    with pytest.raises(SystemExit, match="no such phrase anywhere"):
        faces.generated()
