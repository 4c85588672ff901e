"""Everything that users call says what comes back."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

import limpyd
import limpyd.asyncio
import limpyd.integrity
from limpyd import exceptions
from limpyd.commands.table import Scope
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
from limpyd.fields.version import BoundVersion
from limpyd.pipelines.asynchronous import AsyncPipeline
from limpyd.pipelines.sync import Pipeline
from limpyd.relations.foreign_keys import BoundFKHashEntry, BoundFKString
from limpyd.relations.many_to_many import BoundM2MList, BoundM2MSet, BoundM2MSortedSet
from limpyd.relations.reverse import BoundReverse

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
    *(value for value in vars(limpyd.integrity).values() if isinstance(value, type)),
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


CALLED = [
    *BOUND,
    *(BoundPK, BoundVersion, BoundReverse),
    *(BoundFKString, BoundFKHashEntry, BoundM2MList, BoundM2MSet, BoundM2MSortedSet),
    *(limpyd.RedisModel, limpyd.RedisDatabase, limpyd.Collection, Pipeline, limpyd.Pending),
    *(limpyd.asyncio.AsyncRedisModel, limpyd.asyncio.AsyncRedisDatabase, limpyd.asyncio.AsyncCollection, AsyncPipeline),
]
"""What users call methods of."""

BUILT_IN = {"IndexError", "TypeError"}

RETURNS = re.compile(r"return|True|how many|[aA]s `|like `|same as|: the |, or None")
"""How docstrings tell what comes back."""

FEW = 2
"""So many arguments need no list, if the first line tells of them."""


def methods(cls):
    public = {name: value for name, value in inspect.getmembers(cls, inspect.isroutine) if not name.startswith("_")}
    return [(name, value, inspect.getdoc(value) or "") for name, value in public.items()]


def tells(cls, doc, section, seen=frozenset()):
    """Whether a docstring has a section, or names a method that has it."""
    others = {name for name in re.findall(r"`(\w+)`", doc) if callable(getattr(cls, name, None))} - seen
    docs = [inspect.getdoc(getattr(cls, name)) or "" for name in others]
    return section in doc or any(tells(cls, other, section, seen | others) for other in docs)


def listed(doc, section):
    """The names in a section."""
    return re.findall(r"^    (\w+):", doc.partition(section)[2].partition("\n\n")[0], re.MULTILINE)


@pytest.mark.parametrize("cls", CALLED, ids=lambda cls: cls.__name__)
class TestCalls:
    def test_arguments(self, cls):
        """A list of arguments is complete; without one there are few, or another method has it."""
        for name, method, doc in methods(cls):
            parameters = inspect.signature(method).parameters.values()
            named = [one.name for one in parameters if one.name not in {"self", "cls"}]
            single = [one.name for one in parameters if one.name in named and one.kind.name[:4] != "VAR_"]
            if "Args:" in doc:
                assert sorted(listed(doc, "Args:")) == sorted(named), name
            else:
                assert len(single) <= FEW or tells(cls, doc, "Args:"), name

    def test_errors(self, cls):
        """What changes something tells what it may raise; and all that is said to be raised exists."""
        for name, method, doc in methods(cls):
            facts = getattr(method, "facts", None)
            assert facts is None or facts.scope is Scope.READ or tells(cls, doc, "Raises"), name
            unknown = [error for error in listed(doc, "Raises:") if not hasattr(exceptions, error)]
            assert not set(unknown) - BUILT_IN, name

    def test_results(self, cls):
        """What changes something and returns something tells what."""
        for name, method, doc in methods(cls):
            facts = getattr(method, "facts", None)
            result = inspect.signature(method).return_annotation
            if facts is not None and facts.scope is not Scope.READ and result != "Request[None]":
                assert RETURNS.search(doc), name


QUESTIONS = re.compile(r"(What|How|Whether|Who|Whom|Whose|Which|Where|When|Why)\b")


def test_first_lines_are_statements():
    """A docstring says what a function does or returns, or names a thing; it is no question."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    questions = [
        (path.name, text)
        for path in Path(limpyd.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, documented) and (text := ast.get_docstring(node)) and QUESTIONS.match(text)
    ]
    assert not questions
