"""Text is text: what users type is never run, never a pattern, never the name of an attribute."""

from __future__ import annotations

import ast
import re
import socket
from pathlib import Path

import pytest

import limpyd
from limpyd import (
    EqualIndex,
    FKInstanceHashField,
    HashField,
    InstanceHashField,
    ListField,
    PKField,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)
from limpyd.exceptions import DeclarationError, InvalidValue, LimpydError
from limpyd.lua.linker import script_paths
from limpyd.lua.script import Script
from tests.support.expected_indexes import inconsistencies
from tests.support.full_use import Use, models

WORDS = re.compile(rb"[A-Za-z_]\w*")
LITERALS = re.compile(rb"'(?:[^'\\]|\\.)*'")
COMMENT_LINES = re.compile(rb"(?m)^ *--[^\n]*\n")
HOSTILE = [
    "redis.call('FLUSHALL')",
    "]] redis.call('FLUSHALL') --[[",
    "'); redis.call('FLUSHALL'); --",
    'x") + __import__("os").abort() #',
    "*",
    "?",
    "[a-z]*",
    "[^a]",
    "\\*",
    "{}",
    "{0.__class__}",
    "%(model)s %s %1 %z %%",
    "*->x",
    "->",
    "a->b",
    "#",
    "a\r\nFLUSHALL\r\n",
    "$8\r\nFLUSHALL\r\n",
    "\0",
    "x\0*",
    "__class__",
    "__dict__",
    "a__in",
    "pk",
    "a",
    "-",
    "+",
    "(1",
    "[a",
    "-inf",
    "\x1b[2J",
    "../../etc/passwd",
    "🐍",
]
SOURCE = Path(limpyd.__file__).parent


@pytest.fixture
def thing(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        key = PKField()
        text = StringField(indexes=[EqualIndex, TextRangeIndex])
        entry = InstanceHashField(unique=True)
        tags = SetField(indexable=True)
        queue = ListField(indexable=True)
        board = SortedSetField(indexable=True)
        heads = HashField(indexable=True)
        friend = FKInstanceHashField("self", related_name="friends")

    return Thing


async def test_as_primary_keys_values_members_and_sub_keys(any_face, thing):
    do, collect = any_face.do, any_face.all
    for text in HOSTILE:
        many = {"tags": [text], "queue": [text], "board": {text: 1}, "heads": {text: text}}
        await do(thing.create(key=text, text=text, entry=text, friend=None, **many))
        await do(thing.lazy_connect(text).friend.hset(text))
    assert sorted(await collect(thing.collection())) == sorted(HOSTILE)
    for text in HOSTILE:
        one = thing.lazy_connect(text)
        for filters in (
            {"text": text},
            {"entry": text},
            {"entry__in": [text]},
            {"tags": text},
            {"queue": text},
            {"board": text},
            {f"heads__{text}__eq": text},
            {"friend": text},
            {"friend__text": text},
            {"key": text},
            {"text__gte": text, "text__lte": text},
        ):
            assert await collect(thing.collection(**filters)) == [text], filters
        assert sorted(await collect(thing.collection(text__startswith=text))) == sorted(
            other for other in HOSTILE if other.startswith(text)
        )
        assert await collect(one.friends()) == [text]
        rows = await collect(
            thing.collection(entry=text).sort(by="text", alpha=True).values_list("pk", "text", "entry", "heads")
        )
        assert rows == [(text, text, text, {text: text})]
        assert await collect(thing.collection().intersect([text])) == [text]
        assert [await do(found.pk.get()) for found in await do(thing.from_pks([text]))] == [text]
        kept = await do(thing.collection(text=text).store(f"{{thing}}:stored:{text}"))
        assert await collect(kept) == [text]
        assert any_face.client.delete(f"{{thing}}:stored:{text}") == 1
        assert set(await collect(one.scan_keys())) == {
            *(f"{{thing}}:field:{field}:{text}" for field in ("text", "tags", "queue", "board", "heads")),
            f"{{thing}}:hash:{text}",
        }
    first = await do(thing.collection().sort(by="-text", alpha=True).page(size=5))
    rest = await do(thing.collection().sort(by="-text", alpha=True).page(size=50, after=first.cursor))
    assert [*first.items, *rest.items] == sorted(HOSTILE, key=lambda text: text.encode(), reverse=True)
    counted = await do(thing.collection().count_by("text"))
    assert counted == dict.fromkeys(HOSTILE, 1)
    assert inconsistencies(any_face.client, thing) == []
    for text in HOSTILE:
        await do(thing.lazy_connect(text).delete())
    assert any_face.keys() == set()


async def test_as_names(any_face, thing):
    """A name that is none is refused, before anything is sent: no attribute is looked up."""
    await any_face.do(thing.create(key="a", text="b"))
    one = thing.lazy_connect("a")
    names = [
        name for name in [*HOSTILE, "__init__", "_schema", "database", "_pk", "delete", "__globals__"] if name != "pk"
    ]
    calls = {
        "filter": lambda name: any_face.all(thing.collection(**{name: "x"})),
        "operator": lambda name: any_face.all(thing.collection(**{f"text__{name}": "x"})),
        "across": lambda name: any_face.all(thing.collection(**{f"friend__{name}": "x"})),
        "sort": lambda name: any_face.all(thing.collection().sort(by=f"x{name}")),
        "values": lambda name: any_face.all(thing.collection().values(name)),
        "aggregate": lambda name: any_face.do(thing.collection().sum(name)),
        "prefetch": lambda name: any_face.all(thing.collection().instances(prefetch=[name])),
        "create": lambda name: any_face.do(thing.create(**{"key": "z", name: "x"})),
        "update": lambda name: any_face.do(one.update(**{name: "x"})),
        "update found": lambda name: any_face.do(thing.collection(text="b").update(**{name: "x"})),
        "bulk": lambda name: any_face.do(thing.bulk_create([{"key": "z", name: "x"}])),
        "hmget": lambda name: any_face.do(one.hmget(name)),
        "hmset": lambda name: any_face.do(one.hmset(**{name: "x"})),
        "get_field": lambda name: any_face.do(thing.get_field(name)),
    }
    with any_face.sent() as sent:
        for what, call in calls.items():
            for name in names:
                with pytest.raises((LimpydError, TypeError)):
                    await call(name)
                    pytest.fail(f"{what} took {name!r}")
    assert not [command for command in sent.commands if "EVAL" in command[0].upper()]
    assert await any_face.all(thing.collection().values("key", "text")) == [{"key": "a", "text": "b"}]


async def test_as_names_of_models(any_face):
    """Data is kept apart, whatever the names; and values are read by patterns only where these are exact."""
    texts = [text for text in HOSTILE if not set("{}:\0") & set(text)]
    made = {
        name: type("Odd", (any_face.Model,), {
            "database": any_face.database, "model_name": name, "namespace": name,
            "city": InstanceHashField(indexable=True), "text": StringField(),
        })
        for name in texts
    }  # fmt: skip
    for name, model in made.items():
        for number in range(2):
            await any_face.do(model.create(city="x", text=f"{name} {number}"))
    for name, model in made.items():
        rows = await any_face.all(model.collection(city="x").values_list("pk", "city", "text"))
        assert sorted(rows) == [("1", "x", f"{name} 0"), ("2", "x", f"{name} 1")]
        assert len(await any_face.all(model.scan_model_keys())) == 7 + 1
    for model in made.values():
        await any_face.do(model.clear_indexes())
        await any_face.do(model.rebuild_indexes())
        assert await any_face.do(model.collection(city="x").delete()) == 2


@pytest.mark.parametrize("text", HOSTILE)
def test_as_the_name_of_a_reverse_side(text, one_server):
    from limpyd import RedisDatabase, RedisModel  # noqa: PLC0415

    where = RedisDatabase(port=one_server.port)

    class One(RedisModel):
        database = where

    if text != "a":
        with pytest.raises(DeclarationError):

            class Two(RedisModel):
                database = where
                one = FKInstanceHashField(One, related_name=f"{text}")


@pytest.mark.parametrize("text", [*HOSTILE, "W10", "bnVsbA", "WzEsMiwzXQ"])
async def test_as_cursors(any_face, thing, text):
    for found in (thing.collection(), thing.collection().sort(by="text")):
        await any_face.refused(InvalidValue, lambda c=found: c.page(size=1, after=text))


def test_only_the_files_of_the_package_are_run(one_server):
    """Every text that a server is given to run is a file of this package, as the server itself sees it; or a statement.

    What a statement holds beside its templates' words are literals.
    """
    from tests.support.face import Face  # noqa: PLC0415

    scripts = [script for name in script_paths() for script in (Script(name), Script(name).without_promises)]
    known = {re.sub(rb"\A#!lua[^\n]*\n", b"", script.source) for script in scripts}
    package = Path(limpyd.__file__).parent / "statements"
    words = {word for path in package.rglob("*.[lp][uy]*") for word in WORDS.findall(path.read_bytes())}
    sources = []
    for kind in ("sync", "async"):
        with one_server.client() as client:
            client.script_flush()
        with Watch(one_server.port) as watch:
            import asyncio  # noqa: PLC0415

            face = Face(kind, one_server)
            asyncio.run(used(face))
            face.client.close()
        sources += [args[1] for args in watch.commands if args[0].upper() == b"EVAL"]
        assert not [args for args in watch.commands if args[0].upper() in {b"FUNCTION", b"FCALL", b"EVAL_RO"}]
        assert not [args for args in watch.commands if args[:2] == [b"SCRIPT", b"LOAD"]]
    assert len(set(sources)) > 20
    for source in sources:
        first, rest = source.split(b"\n", 1)
        assert re.fullmatch(rb"#!lua( flags=[a-z,-]+)?", first)
        if rest not in known:
            code = COMMENT_LINES.sub(b"", rest)
            numbered = {re.sub(rb"\d+$", b"", word) for word in WORDS.findall(LITERALS.sub(b"", code))}
            assert numbered <= words


async def used(face):
    await Use(face, *models(face.Model, face.database)).all()
    await face.do(face.database.close())


class Watch:
    """All commands that clients send, argument by argument (MONITOR)."""

    QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')

    def __init__(self, port):
        self.port = port
        self.commands = []

    def __enter__(self):
        self._socket = socket.create_connection(("127.0.0.1", self.port))
        self._socket.sendall(b"MONITOR\r\n")
        self._lines = self._socket.makefile("rb")
        assert self._lines.readline() == b"+OK\r\n"
        return self

    def __exit__(self, *_):
        with socket.create_connection(("127.0.0.1", self.port)) as end:
            end.sendall(b"ECHO end-of-watch\r\n")
            end.recv(100)
        for line in self._lines:
            head, _, rest = line.partition(b"] ")
            if b" lua" in head:
                continue
            args = [ast.literal_eval(f'b"{quoted.decode("ascii")}"') for quoted in self.QUOTED.findall(rest)]
            if args == [b"ECHO", b"end-of-watch"]:
                break
            self.commands.append(args)
        self._lines.close()
        self._socket.close()


def test_what_is_evaluated_is_of_numbers():
    """The only `eval` makes rows of so and so many values; names and decoders are given to what it makes."""
    places = [
        (path.name, ast.unparse(node))
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"eval", "exec", "compile"}
    ]
    assert [name for name, _ in places] == ["row_factories.py"]
    from limpyd.query.results import row_factories  # noqa: PLC0415

    make, seen = row_factories._maker.__wrapped__, []

    def watched(item, width):
        seen.append(item)
        return make(item, width)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_factories, "_maker", watched)
        decoders = [bytes.decode, str]
        assert row_factories.dict_maker(HOSTILE[:2], decoders)([(b"x", 1)]) == [{HOSTILE[0]: "x", HOSTILE[1]: "1"}]
        row_factories.tuple_maker(decoders)
        row_factories.object_maker(dict, HOSTILE[:2], decoders)
        row_factories.instance_maker(dict, HOSTILE[:2], decoders)
    for item in seen:
        assert set(re.findall(r"[a-z_]+", item)) <= {"name", "value", "decode", "make"}, item
