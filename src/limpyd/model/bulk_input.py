"""Bulk operations over the objects that they are given: an iterable, on the async face also an asynchronous one."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from typing import Any

from limpyd.model.bulk import Bulk, Result


def sync_run_bulk(database: Any, bulk: Bulk[Result, Any], objects: Iterable[Any]) -> Result:
    """Runs a bulk operation over all objects."""
    result: Result = database._run_program(bulk.all(objects))
    return result


async def async_run_bulk(database: Any, bulk: Bulk[Result, Any], objects: Iterable[Any] | AsyncIterable[Any]) -> Result:
    """Runs a bulk operation over all objects."""
    if isinstance(objects, AsyncIterable):
        async for one in objects:
            await database._run_program(bulk.one(one))
        objects = ()
    result: Result = await database._run_program(bulk.all(objects))
    return result
