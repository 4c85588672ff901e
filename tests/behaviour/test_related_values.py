"""Values of the objects that objects refer to, read in the same request: `values("author__name")`."""

from __future__ import annotations

import dataclasses

import pytest

from limpyd import FKInstanceHashField, FKStringField, HashField, InstanceHashField, M2MSetField, SetField, StringField
from limpyd.exceptions import InvalidFilter, StoredValueError, UnknownField, WrongTypeError
from tests.support.blocks import block


@dataclasses.dataclass
class Byline:
    title: str
    author__name: str | None


@pytest.fixture
async def posts(face):
    return await written(face)


async def written(face):
    class Author(face.Model):
        database = face.database
        name = InstanceHashField()
        age = StringField(type=int)
        tags = SetField()
        heads = HashField()
        boss = FKInstanceHashField("self", related_name="staff")

    class Post(face.Model):
        database = face.database
        title = InstanceHashField()
        number = InstanceHashField(type=int, indexable=True)
        author = FKInstanceHashField(Author)
        editor = FKStringField(Author, related_name="edited")
        readers = M2MSetField(Author, related_name="read")

    ada = await face.do(Author.create(name="Ada", age=36))
    bob = await face.do(Author.create(name="Bob", tags={"x"}, heads={"k": "v"}, boss=ada))
    await face.do(Post.create(title="a", number=1, author=bob, editor=ada))
    await face.do(Post.create(title="b", number=2))
    await face.do(Post.create(title="c", number=3, author=ada))
    return Post


NAMES = ("pk", "author__name", "author__pk", "author__age", "author__tags", "author__heads__k", "author__boss__name")
ROWS = [
    ("1", "Bob", "2", None, {"x"}, "v", "Ada"),
    ("2", None, None, None, None, None, None),
    ("3", "Ada", "1", 36, set(), None, None),
]


async def test_in_each_kind_of_result(face, posts):
    everything = posts.collection()
    assert sorted(await face.all(everything.values_list(*NAMES)), key=lambda row: row[0]) == ROWS
    ordered = everything.sort(by="-number")
    assert await face.all(ordered.values("editor__name", "title")) == [
        {"editor__name": None, "title": "c"},
        {"editor__name": None, "title": "b"},
        {"editor__name": "Ada", "title": "a"},
    ]
    assert await face.all(ordered.values_list("author__name", flat=True)) == ["Ada", None, "Bob"]
    assert await face.all(ordered.rows(Byline)) == [Byline("c", "Ada"), Byline("b", None), Byline("a", "Bob")]
    page = await face.do(ordered.values_list("title", "author__name").page(2))
    assert page.items == [("c", "Ada"), ("b", None)]
    assert sorted(await face.all(everything.values_list(*NAMES).iterate(chunk=1)), key=lambda row: row[0]) == ROWS
    first = posts.lazy_connect(1)
    assert await face.do(first.values("title", "author__boss__name")) == {"title": "a", "author__boss__name": "Ada"}
    assert await face.do(first.row(Byline)) == Byline("a", "Bob")


async def test_it_is_one_round_trip(any_face):
    posts = await written(any_face)
    for found in (posts.collection(), posts.collection(number__gte=2), posts.collection().sort(by="number")):
        named = found.values(*NAMES)
        await any_face.all(named)
        with any_face.sent() as sent:
            await any_face.all(named)
        assert len(sent.names) == 1


async def test_a_reference_to_nobody_has_no_values(any_face):
    posts = await written(any_face)
    await any_face.do(any_face.database.connection.hset("{post}:hash:2", "author", "99"))
    assert await any_face.do(posts.lazy_connect(2).values("author__name")) == {"author__name": None}


async def test_in_a_transaction(any_face):
    posts = await written(any_face)
    one = posts.lazy_connect(1)
    async with block(any_face, any_face.database.transaction()):
        one.author.hset("1")
        read = one.values("author__name")
    assert read.value == {"author__name": "Ada"}


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("author__nam", UnknownField, "no field 'nam'"),
        ("title__name", UnknownField, "title__name names no field"),
        ("readers__name", InvalidFilter, r"refers to many objects; use instances\(prefetch=\['readers__name'\]\)"),
        ("__".join(["author"] + 40 * ["boss"]), InvalidFilter, "more than 30 references"),
    ],
)
async def test_names_that_lead_nowhere(any_face, name, error, message):
    posts = await written(any_face)
    with pytest.raises(error, match=message):
        posts.collection().values(name)


async def test_the_advice_on_many_is_right(any_face):
    posts = await written(any_face)
    one = posts.lazy_connect(1)
    await any_face.do(one.readers.sadd("1", "2"))
    (found,) = await any_face.all(posts.collection(pk=1).instances(prefetch=["readers__name"]))
    assert {reader.prefetched["name"] for reader in found.prefetched["readers"]} == {"Ada", "Bob"}


@pytest.mark.parametrize("refused", ["sum", "avg", "count_by", "min", "max", "sort"])
async def test_totals_and_orders_are_of_own_fields(any_face, refused):
    posts = await written(any_face)
    with pytest.raises(InvalidFilter, match=r"own model|the model itself"):
        await any_face.do(getattr(posts.collection(), refused)("author__age"))


async def test_what_is_broken_is_named(any_face):
    posts = await written(any_face)
    connection = any_face.database.connection
    await any_face.do(connection.set("{author}:field:age:1", "old"))
    with pytest.raises(StoredValueError, match=r"Author.age.*b'old'.*Author.check\(\)"):
        await any_face.all(posts.collection().values("author__age"))
    await any_face.do(connection.delete("{author}:field:age:1"))
    await any_face.do(connection.sadd("{author}:field:age:1", "x"))
    with pytest.raises(WrongTypeError, match=r"\{author\}:field:age:1.* should be a string but holds a set"):
        await any_face.all(posts.collection().values("author__age"))
