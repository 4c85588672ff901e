"""Values of the objects that objects refer to, read in the same request: `values("author__name")`."""

from __future__ import annotations

import dataclasses
import random

import pytest

from limpyd import FKInstanceHashField, FKStringField, HashField, InstanceHashField, M2MSetField, SetField, StringField
from limpyd.exceptions import InvalidFilter, ServerError, UnknownField, WrongTypeError
from tests.support.blocks import block
from tests.support.random_queries.plain_python import Key, ordered


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
    assert await face.all(everything.sort(by=["-author__tags__len", "author__name"], alpha=True)) == ["1", "3", "2"]
    assert await face.do(everything.count_by("author__name")) == {"Ada": 1, "Bob": 1}
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


class TestOrders:
    @pytest.mark.parametrize(
        ("by", "alpha", "pks"),
        [
            ("author__name", True, ["3", "1", "2"]),
            ("-author__name", True, ["1", "3", "2"]),
            ("author__age", None, ["3", "1", "2"]),
            ("-author__boss__name", True, ["1", "3", "2"]),
            ("author__heads__k", True, ["1", "2", "3"]),
            ("-author__pk", None, ["1", "3", "2"]),
            ("author", None, ["3", "1", "2"]),
            ("editor__name", True, ["1", "2", "3"]),
            (["-author__tags__len", "-number"], None, ["1", "3", "2"]),
            ("-readers__len", None, ["2", "3", "1"]),
        ],
    )
    async def test_by_values_of_referred_objects(self, any_face, by, alpha, pks):
        posts = await written(any_face)
        await any_face.do(posts.lazy_connect(2).readers.sadd("1", "2"))
        ordered = posts.collection().sort(by=by, alpha=alpha)
        assert await any_face.all(ordered) == pks
        with any_face.sent() as sent:
            assert await any_face.all(ordered.values_list("pk", flat=True)) == pks
            page = await any_face.do(ordered.page(1))
            assert (await any_face.do(ordered.page(5, after=page.cursor))).items == pks[1:]
            assert await any_face.do(ordered.last()) == pks[-1]
        assert [name for name in sent.names if name != "EVAL"] == ["EVALSHA"] * 4
        assert await any_face.do(posts.collection(number__lt=3).sort(by=by, alpha=alpha).first()) in pks

    async def test_are_those_of_plain_python(self, any_face):
        class Team(any_face.Model):
            database = any_face.database
            rank = InstanceHashField(type=int)
            motto = StringField(type=str)
            head = FKStringField("self", related_name="led")

        class Player(any_face.Model):
            database = any_face.database
            number = InstanceHashField(type=int)
            age = InstanceHashField(type=int, indexable=True)
            team = FKInstanceHashField(Team, related_name="players")
            games = SetField(type=int)

        rng = random.Random(11)
        teams = {}
        for at in range(1, 13):
            values = {
                "rank": rng.choice((None, 1, 2, 10)),
                "motto": rng.choice(("", "a", "a\0", "\xe9", "b")),
                "head": None,
            }
            values["head"] = rng.choice([None, *teams])
            await any_face.do(Team.create(**values))
            teams[str(at)] = values
        players = []
        for at in range(1, 80):
            values = {
                "age": rng.choice((None, 1, 2, 3)),
                "team": rng.choice((None, *teams)),
                "games": set(range(rng.randrange(4))),
            }
            await any_face.do(Player.create(number=at, **values))
            players.append({"pk": str(at), **values})

        def through(*names):
            def value(thing):
                for name in names[:-1]:
                    thing = teams.get(thing.get(name), {})
                found = thing.get(names[-1])
                return len(found) if isinstance(found, set) else found

            return value

        paths = {
            "team__rank": through("team", "rank"),
            "team__motto": through("team", "motto"),
            "team__head__rank": through("team", "head", "rank"),
            "games__len": through("games"),
            "age": through("age"),
        }
        for _ in range(40):
            names = [(name, rng.random() < 0.5) for name in rng.sample(sorted(paths), rng.choice((1, 1, 2, 3)))]
            expected = [thing["pk"] for thing in ordered(players, [Key(paths[name], desc) for name, desc in names])]
            found = Player.collection().sort(by=["-" * desc + name for name, desc in names])
            assert await any_face.all(found) == expected, names
            pages, after = [], None
            while pages == [] or after:
                page = await any_face.do(found.page(17, after=after))
                pages, after = pages + page.items, page.cursor
            assert pages == expected, names
            low = rng.randrange(60)
            assert await any_face.do(found[low : low + 9]) == expected[low : low + 9], names
            assert await any_face.do(found.last()) == expected[-1]

    @pytest.mark.parametrize(
        ("by", "error", "message"),
        [
            ("author__nam", UnknownField, "no field 'nam'"),
            ("author__-name", UnknownField, "no field '-name'"),
            ("readers__name", InvalidFilter, "refers to many objects"),
            ("readers", InvalidFilter, "sort by their number: readers__len"),
            ("author__heads", InvalidFilter, "has a value for each key"),
            ("title__len", InvalidFilter, "has no sub-keys"),
            ("pk__len", InvalidFilter, "has no sub-keys"),
            ("author__pk__x", InvalidFilter, "has no sub-keys"),
            ("__".join(["author"] + 40 * ["boss"]), InvalidFilter, "more than 30 references"),
        ],
    )
    async def test_that_lead_nowhere(self, any_face, by, error, message):
        posts = await written(any_face)
        with pytest.raises(error, match=message):
            posts.collection().sort(by=by)

    async def test_errors_name_the_referred_object(self, any_face):
        posts = await written(any_face)
        await any_face.refused(
            ServerError,
            lambda: posts.collection().sort(by="author__name").all(),
            match=r"Author.name of Author\('[12]'\)",
        )
        ada = await any_face.do(posts.lazy_connect(3).author.instance())
        any_face.client.delete(ada.age.key)
        any_face.client.rpush(ada.age.key, "x")
        await any_face.refused(
            WrongTypeError, lambda: posts.collection().sort(by="author__age").all(), match="Author.age"
        )

    @pytest.mark.parametrize("size", [10, 1_000])
    async def test_cost_one_read_for_each_object_and_one_for_each_that_is_referred_to(self, any_face, size):
        posts = await written(any_face)
        await any_face.do(posts.bulk_create({"author": "12"[at % 2], "number": at} for at in range(size - 3)))
        for by, reads in (("author__name", size + 2), ("author__boss__name", size + 3), ("readers__len", size)):
            ordered = posts.collection(number__gte=0).sort(by=by, alpha=True)
            ran = {each.command: each.calls for each in (await any_face.do(ordered.explain(analyze=True))).ran}
            assert ran["SCARD" if by == "readers__len" else "HGET"] in {reads, reads + 1}  # (SCARD: of all objects)

    async def test_are_explained(self, any_face):
        posts = await written(any_face)
        found = posts.collection().sort(by=["-author__name", "readers__len"], alpha=True)
        assert (await any_face.do(found.explain())).sort.startswith("-author__name, readers__len, by sorting")


async def test_totals_through_references(any_face):
    posts = await written(any_face)
    do = any_face.do
    everything = posts.collection()
    bob = await do(posts.lazy_connect(1).author.instance())
    await do(bob.age.set(4))
    assert (await do(everything.min("author__age")), await do(everything.max("author__age"))) == (4, 36)
    assert (await do(everything.sum("author__age")), await do(everything.avg("author__age"))) == (40, 20)
    assert await do(everything.count_by("author__name")) == {"Ada": 1, "Bob": 1}
    assert await do(everything.count_by("author__tags")) == {"x": 1}
    assert await do(everything.count_by("author__pk")) == {"1": 1, "2": 1}
    assert await do(everything.count_by("author__heads__k")) == {"v": 1}
    assert await do(everything.sum("author__boss__age")) == 36
    async with block(any_face, any_face.database.transaction()):
        total = everything.sum("author__age")
    assert total.value == 40
    await any_face.refused(
        ServerError, lambda: everything.sum("author__name"), match=r"Author.name of Author\('[12]'\)"
    )
    for name, error, message in (
        ("author__heads", InvalidFilter, "has a value for each key"),
        ("readers__age", InvalidFilter, "refers to many"),
        ("author__pk", InvalidFilter, "holds no numbers"),
    ):
        await any_face.refused(error, lambda name=name: everything.sum(name), match=message)
