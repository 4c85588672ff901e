"""Dynamic fields that refer to objects: from both sides, in filters, and what a deletion does not do."""

from __future__ import annotations

import pytest

from limpyd import (
    DynamicFKInstanceHashField,
    DynamicFKStringField,
    DynamicM2MListField,
    DynamicM2MSetField,
    DynamicM2MSortedSetField,
    M2MSetField,
    PKField,
    StringField,
)
from limpyd.exceptions import (
    DeclarationError,
    DoesNotExist,
    ImplementationError,
    InvalidValue,
    RelatedDoesNotExist,
    UniquenessError,
    UnknownField,
)
from tests.support.expected_indexes import inconsistencies


def declare(face, on=None):
    on = on or face.database

    class Tag(face.Model):
        database = on
        slug = PKField()
        kind = StringField(indexable=True)

    class Person(face.Model):
        database = on
        name = PKField()

    class Movie(face.Model):
        database = on
        name = PKField()
        tags = DynamicM2MSetField(Tag, related_name="movies")
        best = DynamicFKInstanceHashField("Tag", related_name="best_of")
        sequel = DynamicFKStringField("self", related_name="prequels", pattern=r"(\w+)_sequel", unique=True)
        path = DynamicM2MListField(Tag, related_name="on_path")
        ranks = DynamicM2MSortedSetField(Tag, related_name="ranked", check=False)

    return Tag, Person, Movie


@pytest.fixture
def models(face):
    return declare(face)


async def test_both_sides(face, models):
    tag, person, movie = models
    cool, old = await face.do(tag.create(slug="cool", kind="mood")), await face.do(tag.create(slug="old"))
    ann, matrix = await face.do(person.create(name="Ann B:*")), await face.do(movie.create(name="Matrix"))
    assert await face.do(matrix.tags(ann).sadd(cool, "old")) == 2
    assert await face.do(matrix.tags.get_for("Ann B:*").smembers()) == {"cool", "old"}
    assert await face.do(matrix.tags.versions()) == {"Ann B:*"}
    assert await face.all(cool.movies(ann)) == await face.all(old.movies("Ann B:*")) == ["Matrix"]
    assert await face.all(cool.movies("Bob")) == []
    assert await face.all(cool.movies.collection(ann, name="Alien")) == []
    assert await face.all(matrix.tags(ann)(kind="mood")) == ["cool"]
    assert await face.do(cool.movies.get_for("Bob").sadd(matrix)) == 1
    assert await face.do(cool.movies.get_for(ann).srem("Matrix")) == 1
    assert await face.do(matrix.tags.versions()) == {"Ann B:*", "Bob"}
    await face.do(matrix.best("ann").hset(cool))
    assert await face.do(matrix.best_ann.instance()) == cool
    assert await face.do(matrix.best("bob").instance()) is None
    await face.do(matrix.sequel("ann").set(matrix))
    assert await face.all(matrix.prequels("ann")) == ["Matrix"]
    await face.do(cool.on_path.get_for("x").rpush(matrix))
    await face.do(cool.ranked.get_for("x").zadd(2.5, matrix))
    assert await face.do(matrix.path("x").lrange(0, -1)) == ["cool"]
    assert await face.do(matrix.ranks("x").zscore(cool)) == 2.5
    assert await face.all(cool.on_path("x")) == await face.all(cool.ranked("x")) == ["Matrix"]
    assert [one for one in inconsistencies(face.client, movie) if "orphan: {movie}" in one or "orphan" not in one] == []
    assert (await face.do(movie.check())).ok
    await face.do(matrix.delete())
    left = face.keys()
    assert not [key for key in left if key.startswith("{movie}")]


async def test_filters(face, models):
    tag, person, movie = models
    await face.do(tag.create(slug="cool", kind="mood"))
    ann = await face.do(person.create(name="ann"))
    await face.do(movie.bulk_create([{"name": "a", "tags_ann": ["cool"], "best_ann": "cool"}, {"name": "b"}]))
    cool = await face.do(tag.get("cool"))
    for found in (
        movie.collection(tags_ann="cool"),
        movie.collection(movie.tags(ann) == cool),
        movie.collection().dynamic_filter("tags", ann, cool),
        movie.collection(tags_ann__kind="mood", best_ann__kind="mood"),
        movie.collection(movie.best("ann").kind == "mood"),
        movie.collection(movie.tags("ann").kind == "mood"),
    ):
        assert await face.all(found) == ["a"]


async def test_references_to_nobody_are_refused_and_unique_ones_kept_apart(face, models):
    tag, _, movie = models
    one, two = await face.do(movie.create(name="1")), await face.do(movie.create(name="2"))
    await face.do(one.sequel("a").set(two))
    keys = face.keys()
    for refused in (lambda: one.tags("x").sadd("none"), lambda: movie.create(name="3", best_x="none")):
        error = await face.refused(RelatedDoesNotExist, refused, match=r"Movie\.(tags|best)_x")
        assert error.pk == "none"
    await face.refused(UniquenessError, lambda: two.sequel("a").set(two), match="a_sequel")
    await face.refused(InvalidValue, lambda: one.tags("x").sadd(two), match="refers to objects of Tag")
    assert face.keys() == keys
    await face.do(two.sequel("b").set(two))
    await face.do(one.ranks("x").zadd({"none": 1}))  # not checked
    assert await face.all(one.ranks("x")()) == []
    assert tag is not None


async def test_a_deletion_leaves_them_and_nobody_is_found(face, models):
    tag, _, movie = models
    cool, one = await face.do(tag.create(slug="cool")), await face.do(movie.create(name="1"))
    await face.do(one.tags("x").sadd(cool))
    await face.do(one.best("x").hset(cool))
    await face.do(cool.delete())
    assert await face.do(one.tags("x").smembers()) == {"cool"}
    assert await face.all(one.tags("x")()) == []
    gone = await face.do(one.best("x").instance())
    await face.refused(DoesNotExist, lambda: gone.kind.get())
    assert (await face.do(movie.check())).ok
    await face.do(one.tags("x").srem("cool"))
    assert await face.do(one.tags.versions()) == set()


async def test_with_the_keys_of_limpyd_2(any_face):
    face = any_face
    tag, _, movie = declare(face, face.Database(port=face.server.port, layout="limpyd2"))
    cool, one = await face.do(tag.create(slug="cool")), await face.do(movie.create(name="1"))
    await face.do(one.tags("x").sadd(cool))
    assert {":movie:1:tags", ":movie:1:tags_x", ":movie:tags_x:cool"} <= face.keys()
    assert await face.all(cool.movies("x")) == ["1"]
    await face.do(one.delete())
    left = face.keys()
    assert {key for key in left if key.startswith(":movie")} == {":movie:meta"}
    await face.do(tag.database.close())


async def test_what_is_refused(any_face):
    face = any_face
    tag, _, movie = declare(face)
    cool = await face.do(tag.create(slug="cool"))
    with pytest.raises(ImplementationError, match=r"name a version of it, such as get_for\('…'\)\.sadd"):
        cool.movies.sadd("x")
    assert not hasattr(cool.movies, "nonsense")
    with pytest.raises(TypeError):
        cool.movies()
    with pytest.raises(UnknownField, match="cannot be empty"):
        cool.movies("")
    with pytest.raises(UnknownField, match="instance with a primary key"):
        cool.movies(movie.lazy_connect("x").tags)
    with pytest.raises(DeclarationError, match="takes no 'on_delete'"):
        DynamicM2MSetField(tag, on_delete="clear")
    with pytest.raises(DeclarationError, match=r"would be Tag\.movies, which is already that of Movie"):

        class Other(face.Model):
            database = face.database
            tags = M2MSetField(tag, related_name="movies")


async def test_a_model_that_is_declared_later_and_a_subclass(any_face):
    face = any_face

    class Base(face.Model):
        database = face.database
        likes = DynamicM2MSetField("Later", related_name="%(model)s_liked")

    with pytest.raises(DeclarationError, match="Later"):
        await face.do(Base.create(likes_x=["1"]))

    class Sub(Base):
        pass

    class Later(face.Model):
        database = face.database
        name = StringField()

    one = await face.do(Later.create(name="x"))
    for model in (Base, Sub):
        await face.do(model.create(likes_x=[one]))
    assert await face.all(one.base_liked("x")) == await face.all(one.sub_liked("x")) == ["1"]


@pytest.mark.parametrize("call", ["sadd", "reverse", "reverse sadd", "instance", "hset"])
async def test_each_is_one_request(any_face, call):
    face = any_face
    tag, _, movie = declare(face)
    cool, one = await face.do(tag.create(slug="cool")), await face.do(movie.create(name="1"))
    calls = {
        "sadd": lambda: face.do(one.tags("x").sadd(cool)),
        "reverse": lambda: face.all(cool.movies("x")),
        "reverse sadd": lambda: face.do(cool.movies.get_for("y").sadd(one)),
        "instance": lambda: face.do(one.best("x").instance()),
        "hset": lambda: face.do(one.best("x").hset(cool)),
    }
    await calls[call]()
    with face.sent() as sent:
        await calls[call]()
    assert len(sent.commands) == 1, sent.commands
