"""Classes of fields, of collections and of connections that users write: what they add takes effect, or is refused."""

from __future__ import annotations

import pytest
import redis
import redis.asyncio

from limpyd import (
    HashField,
    InstanceHashField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
)
from limpyd.contrib.indexes import MultiIndexes
from limpyd.exceptions import DeclarationError, OutcomeUnknown, UnsupportedCommand
from limpyd.fields import DynamicField
from limpyd.query.asynchronous import AsyncCollection
from limpyd.query.sync import Collection


class Suffixed(StringField):
    def __init__(self, *args, suffix="", **options):
        self.suffix = suffix
        super().__init__(*args, **options)

    def set(self, value, **options):
        return super().set(value.lower() + self.suffix, **options)

    def is_value(self, value, *, of=None):
        return (self.name, of, self.set(value))

    @property
    def stored_under(self):
        return self.key

    @staticmethod
    def shouted(text):
        return text + "!"


class Marked(Suffixed):
    def set(self, value, **options):
        return super().set("<" + value, **options)


class Logged(SetField):
    def post_command(self, sender, name, result, args, kwargs):
        self._instance.log.append((sender.name, name, result, args, kwargs))
        return {"log": result}


class TestMethodsOfAFieldClass:
    async def test_are_commands_of_its_fields(self, any_face):
        face = any_face

        class Page(face.Model):
            database = face.database
            title = Suffixed(suffix="?", indexable=True)
            label = Marked()
            plain = StringField()

        class Child(Page):
            more = Suffixed(suffix=".")

        for model in (Page, Child):
            page = await face.do(model.create(plain="x"))
            assert await face.do(page.title.set("ABC")) is True
            assert await face.do(page.title.get()) == "abc?"
            assert await face.all(model.collection(title="abc?")) == ["1"]
            name, of, done = page.label.is_value("A", of=3)
            assert (name, of, await face.do(done), await face.do(page.label.get())) == ("label", 3, True, "<a")
            assert page.title.stored_under == page.title.key
            assert (page.title.shouted("a"), page.title.suffix) == ("a!", "?")
            assert type(page.plain) is type(Page.plain.__get__(page))
            assert isinstance(Page.title, Suffixed)
            assert (str(Page.title), type(Page.title).__name__) == ("Page.title", "Suffixed")
        with pytest.raises(AttributeError):
            page.title.nothing  # noqa: B018 - it is asked for
        assert not hasattr(page.plain, "is_value")

    async def test_post_command_runs_after_each_command(self, any_face):
        face = any_face

        class Page(face.Model):
            database = face.database
            tags = Logged()
            title = StringField()

        class Noted(Page):
            def post_command(self, sender, name, result, args, kwargs):
                self.log.append((sender.name, name, result, args, kwargs))
                return result

        for model in (Page, Noted):
            page = await face.do(model.create(title="x"))
            page.log = []
            assert await face.do(page.tags.sadd("a", "b")) == {"log": 2}
            await face.do(page.title.set("y", nx=True))
            expected = [("tags", "sadd", 2, ("a", "b"), {}), ("title", "set", False, ("y",), {"nx": True})]
            assert page.log == expected[: 1 if model is Page else 2]
        new = Noted() if not face.is_async else await face.do(Noted.create())
        new.log = []
        await face.do(new.title.set("z"))  # it makes the object
        assert new.log == [("title", "set", True, ("z",), {})]

    async def test_post_command_runs_after_commands_whose_result_depends_on_an_argument(self, any_face):
        face = any_face

        class Board(face.Model):
            database = face.database
            ranks = SortedSetField()
            tags = SetField()

            def post_command(self, sender, name, result, args, kwargs):
                self.log.append((name, result, args, kwargs))
                return result

        board = await face.do(Board.create(ranks={"a": 1}, tags=["x"]))
        board.log = []
        await face.do(board.ranks.zadd({"b": 2}))
        await face.do(board.ranks.zrange(0, -1))
        await face.do(board.ranks.zrange(0, -1, withscores=True))
        await face.do(board.tags.spop())
        await face.do(board.tags.spop(2))
        assert board.log == [
            ("zadd", 1, ({"b": 2},), {}),
            ("zrange", ["a", "b"], (0, -1), {}),
            ("zrange", [("a", 1.0), ("b", 2.0)], (0, -1), {"withscores": True}),
            ("spop", "x", (), {}),
            ("spop", set(), (2,), {}),
        ]

    def test_post_command_runs_when_a_pipeline_is_executed(self, one_server):
        class Page(RedisModel):
            database = RedisDatabase(port=one_server.port)
            tags = Logged()

        page = Page(tags=["x"])
        page.log = []
        with page.database.pipeline() as pipe:
            page.tags.sadd("a")
            assert page.log == []
            pipe.execute()
        assert page.log == [("tags", "sadd", 1, ("a",), {})]

    @pytest.mark.parametrize("block", ["pipeline", "transaction"])
    def test_what_post_command_raises_ends_the_block_and_takes_nothing_back(self, one_server, block):
        class Raising(StringField):
            def post_command(self, sender, name, result, args, kwargs):
                raise KeyError(name)

        class Page(RedisModel):
            database = RedisDatabase(port=one_server.port)
            title = Raising()
            note = StringField()

        page = Page(note="x")
        begun = getattr(page.database, block)()
        with pytest.raises(KeyError, match="set"), begun:
            title, note = page.title.set("a"), page.note.set("b")
        assert (note.value, page.note.get()) == (True, "b")
        assert page.database.connection.get(page.title.key) == "a"
        with pytest.raises(OutcomeUnknown, match="KeyError"):
            _ = title.value

    @pytest.mark.parametrize("name", ["available_getters", "available_modifiers", "_commands_to_proxy", "_call_set"])
    def test_what_limpyd_2_makes_commands_of_is_refused(self, any_face, name):
        kind = type("Kind", (StringField,), {name: {"set"}})
        with pytest.raises(DeclarationError, match=rf"Page\.title: Kind\.{name} has no effect: .*super\(\)"):

            class Page(any_face.Model):
                database = any_face.database
                title = kind()


class Lowered(SetField):
    def sadd(self, *values):
        return super(Lowered, self).sadd(*(value.lower() for value in values))  # noqa: UP008 - as limpyd 2's users write it


class Shouted(InstanceHashField):
    proxy_setter = "shout"

    def shout(self, value):
        return self.hset(value + "!")


class Numbered(HashField):
    def hmset(self, **values):
        return super().hmset(**{f"{number}{key}": value for number, (key, value) in enumerate(values.items())})


class Choosy(StringField):
    def set(self, value):
        if value == "expiring":
            return super().set(value, ex=5)
        if value == "reading":
            return self.append(value)
        return None if value == "nothing" else super().set(value + ".")


class DynamicShouted(DynamicField):
    of = Shouted


class TestSettersOfAFieldClass:
    """Whatever stores a whole value, such as a constructor, stores what the setter would."""

    @pytest.fixture
    def page(self, any_face):
        class Page(any_face.Model):
            database = any_face.database
            tags = Lowered(indexable=True)
            title = Shouted(default="none", unique=False, indexable=True)
            counts = Numbered()
            text = Choosy()
            note = DynamicShouted()

        return Page

    async def test_are_called(self, any_face, page):
        face = any_face
        values = {"tags": ["A", "B"], "counts": {"x": "1", "y": "2"}, "text": "t", "note_a": "n"}
        one = await face.do(page.create(**values))
        await face.do(page.bulk_create([values, {"text": "u", "title": "Two"}]))
        for pk in ("1", "2"):
            each = page.lazy_connect(pk)
            assert await face.do(each.hgetall()) == {"title": "none!", "note_a": "n!"}
            assert await face.do(each.tags.smembers()) == {"a", "b"}
            assert await face.do(each.counts.hgetall()) == {"0x": "1", "1y": "2"}
            assert await face.do(each.text.get()) == "t."
        found, made = await face.do(page.get_or_create(title="Two", defaults={"text": "v"}))
        assert (found._pk, made) == ("3", False)
        found, made = await face.do(page.get_or_create(tags="A", title="Three"))
        assert (made, await face.do(found.title.get())) == (True, "Three!")
        assert await face.do(found.tags.smembers()) == {"a"}
        await face.do(one.update(tags={"C"}, title="Four", text="nothing"))
        assert await face.do(one.title.get()) == "Four!"
        assert (await face.do(one.tags.smembers()), await face.do(one.text.get())) == ({"c"}, "t.")
        await face.do(one.tags.proxy_set(["D"]))
        await face.do(one.counts.proxy_set({"z": "3"}))
        await face.do(one.title.proxy_set("Five"))
        assert (await face.do(one.tags.smembers()), await face.do(one.title.get())) == ({"c", "d"}, "Five!")
        assert await face.do(one.counts.hgetall()) == {"0x": "1", "1y": "2", "0z": "3"}
        assert await face.do((await face.do(page.create(text="nothing"))).text.get()) is None

    @pytest.mark.parametrize(
        ("value", "reason"), [("expiring", r"calls set\('expiring', ex=5\)"), ("reading", "reads from the object")]
    )
    async def test_only_store_a_value(self, any_face, page, value, reason):
        with pytest.raises(UnsupportedCommand, match=rf"Page\.text: .*Choosy.* {reason}.*; leave out text"):
            await any_face.do(page.create(text=value))
        assert await any_face.do(page.collection().count()) == 0

    async def test_may_be_coroutine_functions(self, any_face):
        class Waiting(StringField):
            async def set(self, value):
                return await super().set(value.upper())

        class Page(any_face.Model):
            abstract = True
            title = Waiting()

        if any_face.is_async:
            model = type(any_face.Model)("Page", (Page,), {"database": any_face.database})
            page = await model.create(title="x")
            assert await page.title.get() == "X"


async def _awaited(self, *values):
    pass


async def _after(self, sender, name, result, args, kwargs):
    return result


def _yields(self, value):
    yield super(StringField, self).set(value)


WITHOUT_EFFECT = {
    "a slot": ({"__slots__": ("more",)}, "Kind has __slots__"),
    "no function": ({"get": 5}, "Kind.get is 5, and would replace a method"),
    "no post_command": ({"post_command": 5}, "Kind.post_command is 5, and would replace a method"),
    "a generator function": ({"set": _yields}, "Kind.set yields"),
    "a coroutine after a command": ({"post_command": _after}, "Kind.post_command is a coroutine function"),
    "a setter that is absent": (
        {"proxy_setter": "put"},
        "Kind.proxy_setter is 'put', which is not the name of a",
    ),
    "a getter that is no name": (
        {"proxy_getter": None},
        "Kind.proxy_getter is None, which is not the name of a",
    ),
    "no index among indexes": ({"default_indexes": [MultiIndexes]}, "MultiIndexes has no indexes; .*compose"),
    "a declaration without options": ({"__init__": lambda _: None}, r"whose __init__ does not call super"),
}


@pytest.mark.parametrize("case", WITHOUT_EFFECT)
def test_what_would_have_no_effect_is_refused(any_face, case):
    body, message = WITHOUT_EFFECT[case]
    kind = type("Kind", (StringField,), body)
    with pytest.raises(DeclarationError, match=message):

        class Page(any_face.Model):
            database = any_face.database
            title = kind(**({} if "__init__" in body else {"indexable": True}))


def test_what_nothing_awaits_is_refused(one_server):
    for body in ({"title": type("Kind", (StringField,), {"set": _awaited})()}, {"post_command": _after}):
        fields = {"title": StringField(), **body}
        with pytest.raises(DeclarationError, match="is a coroutine function"):
            type(RedisModel)("Page", (RedisModel,), {"database": RedisDatabase(port=one_server.port), **fields})


def test_attributes_of_a_declaration_are_those_of_its_fields(any_face):
    class Labelled(StringField):
        def __init__(self, label, **options):
            super().__init__(**options)
            self.label = label

        def __len__(self):
            return len(self.label)

    class Page(any_face.Model):
        database = any_face.database
        title = Labelled("The title", indexable=True)

    title = Page.lazy_connect(1).title
    assert (title.label, len(title)) == ("The title", 9)


class TestCollectionManager:
    async def test_is_the_class_of_collections(self, any_face):
        usual = AsyncCollection if any_face.is_async else Collection

        class Published(usual):
            def published(self):
                return self.filter(public="yes")

        class Page(any_face.Model):
            database = any_face.database
            collection_manager = Published
            public = InstanceHashField(indexable=True)

        class Child(Page):
            pass

        for model in (Page, Child):
            await any_face.do(model.create(public="yes"))
            await any_face.do(model.create(public="no"))
            for found in (model.collection().published(), model.collection().sort().published().filter(pk="1")):
                assert await any_face.all(found) == ["1"]
            assert await any_face.all(model.instances().published().primary_keys()) == ["1"]
            assert type(model.collection(manager=usual)) is usual
            assert type(model.collection(manager=None)) is Published
            assert await any_face.all(model.collection(manager=usual, public="no")) == ["2"]

    def test_that_is_none_is_refused(self, any_face):
        usual = AsyncCollection if any_face.is_async else Collection

        class Own(usual):
            def __init__(self, model):
                pass

        for manager, reason in (
            (object, "is no subclass of"),
            (Collection if any_face.is_async else AsyncCollection, "is no subclass of"),
            ("Manager", "is no subclass of"),
            (Own, "defines __init__, __new__ or __call__"),
        ):
            with pytest.raises(DeclarationError, match=reason):

                class Page(any_face.Model):
                    database = any_face.database
                    collection_manager = manager


def test_misspelt_settings_are_refused(any_face):
    for name, value, meant in (
        ("databse", any_face.database, "database"),
        ("colection_manager", Collection, "collection_manager"),
        ("default_index", [], "default_indexes"),
        ("name_space", "x", "namespace"),
    ):
        with pytest.raises(DeclarationError, match=f"Page.{name} is not a setting of a model; did you mean '{meant}'"):
            type(any_face.Model)("Page", (any_face.Model,), {"database": any_face.database, name: value})


async def test_connections_are_of_the_class_of_the_pool(any_face):
    kind = redis.asyncio if any_face.is_async else redis
    made = []

    class Own(kind.Connection):
        def __init__(self, **options):
            made.append(self)
            super().__init__(**options)

    pool = kind.ConnectionPool(connection_class=Own, port=any_face.server.port)
    database = any_face.Database(client=pool)
    page = type(any_face.Model)("Page", (any_face.Model,), {"database": database, "title": StringField()})
    await any_face.do(page.create(title="x"))
    assert made
    await any_face.do(database.close())
    with pytest.raises(DeclarationError, match="pass a pool: client=ConnectionPool"):
        any_face.Database(connection_class=Own)
