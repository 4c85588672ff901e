"""The two faces have the same names, which take the same arguments."""

from __future__ import annotations

import inspect

import pytest

from limpyd import Collection, RedisDatabase, RedisModel
from limpyd.asyncio import AsyncCollection, AsyncRedisDatabase, AsyncRedisModel
from limpyd.pipelines.asynchronous import AsyncPipeline, AsyncTransaction
from limpyd.pipelines.sync import Pipeline, Transaction


@pytest.mark.parametrize(
    ("sync", "async_"),
    [
        (RedisDatabase, AsyncRedisDatabase),
        (RedisModel, AsyncRedisModel),
        (Collection, AsyncCollection),
        (Pipeline, AsyncPipeline),
        (Transaction, AsyncTransaction),
    ],
)
def test_the_faces_have_the_same_names(sync, async_):
    names = {name for name in dir(sync) if not name.startswith("_")}
    assert names == {name for name in dir(async_) if not name.startswith("_")}
    for name in sorted(names):
        one, other = getattr(sync, name), getattr(async_, name)
        if inspect.isroutine(one):
            assert list(inspect.signature(one).parameters) == list(inspect.signature(other).parameters), name
        else:
            assert not inspect.isroutine(other), name
