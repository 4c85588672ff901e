"""References with indexes of their own, and indexes that are declared for many fields at once (`default_indexes`)."""

from __future__ import annotations

import pytest

from limpyd import (
    EqualIndex,
    InstanceHashField,
    NumberRangeIndex,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    TextRangeIndex,
)
from limpyd.contrib.indexes import ScoredEqualIndex
from limpyd.exceptions import DeclarationError, InvalidFilter, RestrictedError
from limpyd.indexes import MultiIndexes
from limpyd.relations import FKInstanceHashField, FKStringField, M2MSetField

BY_DATE = ScoredEqualIndex(score_field="date")
LAYOUTS = ["limpyd", "limpyd2"]


@pytest.fixture(params=LAYOUTS)
def database(request, one_server):
    return RedisDatabase(port=one_server.port, layout=request.param)


def with_reference(where, field):
    class Person(RedisModel):
        database = where
        name = StringField(indexable=True)

    class Task(RedisModel):
        database = where
        date = InstanceHashField()
        owner = field

    return Person, Task


class TestReferences:
    @pytest.mark.parametrize("kind", [FKStringField, FKInstanceHashField])
    def test_are_found_in_the_order_of_their_scores(self, database, kind):
        person, task = with_reference(database, kind("Person", related_name="tasks", indexes=[BY_DATE]))
        ann, bob = person(name="ann"), person(name="bob")
        for date, owner in ((3, ann), (1, ann), (2, bob), (2, ann)):
            task(date=str(date), owner=owner)
        assert list(ann.tasks()) == list(task.collection(owner=ann)) == ["2", "4", "1"]
        assert list(task.collection(owner__name="ann").sort()) == ["1", "2", "4"]
        ann.delete()
        assert task.collection(owner=bob).count() == 1
        assert [one.owner.exists() for one in task.collection().sort().instances()] == [False, False, True, False]

    def test_without_a_score_are_taken_away_too(self, one_server):
        person, task = with_reference(
            RedisDatabase(port=one_server.port), FKStringField("Person", related_name="tasks", indexes=[BY_DATE])
        )
        ann = person(name="ann")
        one = task(owner=ann)
        assert (ann.tasks().count(), task.collection(owner__name="ann").count()) == (0, 1)
        ann.delete()
        assert one.owner.get() is None

    @pytest.mark.parametrize(
        "index",
        [
            BY_DATE,
            TextRangeIndex,
            NumberRangeIndex,
            EqualIndex(key="own"),
            MultiIndexes.compose([TextRangeIndex, NumberRangeIndex]),
        ],
    )
    @pytest.mark.parametrize("on_delete", ["clear", "cascade", "restrict"])
    def test_are_known_to_deletions_and_filters(self, database, index, on_delete):
        field = FKStringField("Person", related_name="tasks", indexes=[index], on_delete=on_delete)
        person, task = with_reference(database, field)
        people = [person(name=str(number)) for number in range(12)]
        for one in people:
            task(date="1", owner=one)
        assert list(people[0].tasks()) == ["1"]
        assert set(task.collection(owner__name__in=["0", "10"])) == {"1", "11"}
        assert list(task.collection(owner__name="1", owner=people[1])) == ["2"]
        if on_delete == "restrict":
            with pytest.raises(RestrictedError):
                people[0].delete()
        else:
            people[0].delete()
        assert not task.check().findings
        left = {"clear": (12, False), "cascade": (11, None), "restrict": (12, True)}[on_delete]
        there = task.collection(pk="1").first()
        assert (task.collection().count(), there and task("1").owner.exists()) == left

    def test_are_compared_as_they_are(self, one_server):
        index = TextRangeIndex(case_sensitive=False)
        person, task = with_reference(
            RedisDatabase(port=one_server.port), M2MSetField("Person", related_name="tasks", indexes=[index])
        )
        ann = person(name="ann")
        task(owner=[ann])
        assert list(ann.tasks()) == list(task.collection(owner__startswith="1")) == ["1"]

    def test_many_with_an_index_in_order(self, database):
        person, task = with_reference(database, M2MSetField("Person", related_name="tasks", indexes=[TextRangeIndex]))
        people = [person(name=name) for name in "ab"]
        one = task(owner=people)
        people[0].delete()
        assert (one.owner.smembers(), list(people[1].tasks())) == ({"2"}, ["1"])

    def test_have_the_indexes_that_limpyd_2_has(self, one_server):
        database = RedisDatabase(port=one_server.port, layout="limpyd2")
        person, task = with_reference(database, FKStringField("Person", indexes=[BY_DATE]))
        one = task(date="5", owner=person(name="ann"))
        assert sorted(key for key in task.scan_model_keys() if "owner" in key) == [
            ":task:1:owner",
            ":task:owner:equal-scored:1",
        ]
        one.delete()

    def test_need_one_that_finds_who_refers(self, one_server):
        database = RedisDatabase(port=one_server.port, layout="limpyd2")
        lower = EqualIndex(transform=str.lower)
        with pytest.raises(DeclarationError, match=r"Task\.owner: none of its indexes finds .* add EqualIndex"):
            with_reference(database, FKStringField("Person", indexes=[lower]))
        lower = EqualIndex(key="lower", prefix="lower", transform=str.lower)
        database = RedisDatabase(port=one_server.port, layout="limpyd2")
        person, task = with_reference(database, FKStringField("Person", indexes=[lower, EqualIndex]))
        task(owner=person(name="ann"))
        task.get_field("owner").rebuild_indexes()
        person(1).delete()
        assert task(1).owner.get() is None

    def test_by_number_are_to_numbers(self, one_server):
        where = RedisDatabase(port=one_server.port, layout="limpyd2")

        class Named(RedisModel):
            database = where
            name = PKField()

        with pytest.raises(DeclarationError, match=r"Task\.owner: its number index cannot find"):

            class Task(RedisModel):
                database = where
                owner = FKStringField(Named, indexes=[NumberRangeIndex])


class TestDefaultIndexes:
    def test_of_a_model_hold_for_the_fields_in_its_body(self, database):
        where = database

        class Base(RedisModel):
            abstract = True
            database = where
            default_indexes = (TextRangeIndex,)
            title = StringField(indexable=True)
            words = SetField(indexable=True)
            name = StringField(indexable=True, indexes=[EqualIndex])
            slug = StringField(unique=True)

        class Page(Base):
            default_indexes = (EqualIndex,)
            label = StringField(indexable=True)
            parent = FKStringField("self", related_name="children")

        class Other(Base):
            label = StringField(indexable=True)

        for model in (Page, Other):
            one = model(title="Alpha", words=["a", "b"], name="x", label="l", slug="s")
            assert list(model.collection(title__gte="Al", words__startswith="b", slug__gte="a")) == [one.pk.get()]
            with pytest.raises(InvalidFilter):
                model.collection(name__gte="x")
        with pytest.raises(InvalidFilter):
            Page.collection(label__gte="x")
        assert list(Other.collection(label__gte="a")) == ["1"]
        child = Page(parent="1")
        assert list(Page(1).children()) == [child.pk.get()]
        Page(1).delete()
        assert child.parent.get() is None

    def test_of_relations_that_are_in_order(self, database):
        where = database

        class Person(RedisModel):
            database = where
            default_indexes = (TextRangeIndex,)
            name = StringField()
            best = FKStringField("self", related_name="best_of")
            friends = M2MSetField("self", related_name="friend_of")

        ann = Person(name="ann")
        bob = Person(best=ann, friends=[ann])
        assert list(ann.best_of()) == list(ann.friend_of()) == list(Person.collection(best=ann)) == [bob.pk.get()]
        ann.delete()
        assert (bob.best.get(), bob.friends.smembers()) == (None, set())

    def test_of_a_field_come_before_those_of_a_model_and_of_a_database(self, one_server):
        class Ordered(StringField):
            default_indexes = (TextRangeIndex,)

        class Database(RedisDatabase):
            default_indexes = (EqualIndex,)

        where = Database(port=one_server.port)

        class Page(RedisModel):
            database = where
            title = Ordered(indexable=True)
            size = StringField(type=int, indexable=True)
            plain = Ordered()

        Page(title="a", size=5, plain="p")
        assert Page.collection(title__gte="a", size=5).count() == 1
        with pytest.raises(InvalidFilter):
            Page.collection(size__gte=5)
        with pytest.raises(InvalidFilter):
            Page.collection(plain="p")

    def test_move_with_the_data(self, one_server):
        def declare(where):
            class Page(RedisModel):
                database = where
                default_indexes = (TextRangeIndex,)
                title = StringField(indexable=True)

            return Page

        declare(RedisDatabase(port=one_server.port, layout="limpyd2"))(title="a")
        page = declare(RedisDatabase(port=one_server.port))
        assert page.migrate_from_limpyd2().objects == 1
        assert list(page.collection(title__gte="a")) == ["1"]

    def test_are_a_list(self, one_server):
        with pytest.raises(DeclarationError, match=r"Page\.default_indexes is a list of indexes, or None; not"):

            class Page(RedisModel):
                database = RedisDatabase(port=one_server.port)
                default_indexes = TextRangeIndex
                title = StringField(indexable=True)
