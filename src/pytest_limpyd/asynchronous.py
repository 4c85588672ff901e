"""The fixture for asyncio, which is there if pytest-asyncio is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import pytest_asyncio

if TYPE_CHECKING:
    from limpyd.asyncio import AsyncRedisDatabase


@pytest_asyncio.fixture
async def limpyd_async_database(limpyd_settings: dict[str, Any]) -> AsyncIterator[AsyncRedisDatabase]:
    """An `AsyncRedisDatabase` that is empty when the test begins, and emptied after it."""
    from limpyd.asyncio import AsyncRedisDatabase  # noqa: PLC0415

    database = AsyncRedisDatabase(**limpyd_settings)
    await (await database.connect()).flushdb()
    yield database
    await database.connection.flushdb()
    await database.close()
