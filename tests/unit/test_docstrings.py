"""Everything that users call says what comes back."""

from __future__ import annotations

import inspect

import pytest

import limpyd
import limpyd.asyncio
import limpyd.checking
from limpyd import exceptions
from limpyd.fields.geo import BoundGeo
from limpyd.fields.hash import BoundHash
from limpyd.fields.hyperloglog import BoundHyperLogLog
from limpyd.fields.instancehash import BoundHashEntry
from limpyd.fields.json import BoundJSON
from limpyd.fields.list import BoundList
from limpyd.fields.pk import BoundPK
from limpyd.fields.set import BoundSet
from limpyd.fields.sortedset import BoundSortedSet
from limpyd.fields.stream import BoundStream
from limpyd.fields.string import BoundString

BOUND = [
    BoundGeo,
    BoundHash,
    BoundHashEntry,
    BoundHyperLogLog,
    BoundJSON,
    BoundList,
    BoundSet,
    BoundSortedSet,
    BoundStream,
    BoundString,
]

PUBLIC = [
    *(value for value in vars(limpyd).values() if isinstance(value, type)),
    *(value for value in vars(limpyd.asyncio).values() if isinstance(value, type)),
    *(value for value in vars(exceptions).values() if isinstance(value, type)),
    BoundPK,
    *BOUND,
    *(value for value in vars(limpyd.checking).values() if isinstance(value, type)),
]


@pytest.mark.parametrize("public", PUBLIC, ids=lambda cls: cls.__name__)
def test_classes_and_methods(public):
    assert public.__doc__
    for name, value in inspect.getmembers(public):
        if not name.startswith("_") and inspect.isroutine(value) and "limpyd" in str(getattr(value, "__module__", "")):
            assert inspect.getdoc(value), f"{public.__name__}.{name}"
            assert inspect.getdoc(value).splitlines()[0].endswith((".", ":")), f"{public.__name__}.{name}"


@pytest.mark.parametrize("bound", BOUND)
def test_commands_name_their_redis_command(bound):
    for name, method in inspect.getmembers(bound):
        facts = getattr(method, "facts", None)
        if facts is not None:
            doc = inspect.getdoc(method)
            assert facts.name in doc or doc.startswith("The same as"), name
