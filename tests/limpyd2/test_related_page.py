"""What limpyd 2's documentation says of related fields (contrib), statement by statement."""

import pytest

from limpyd import fields
from limpyd.contrib import related
from limpyd.contrib.collection import ExtendedCollectionManager
from limpyd.exceptions import ImplementationError


@pytest.fixture
def models(database):
    main_database = database

    class Person(related.RelatedModel):
        database = main_database
        collection_manager = ExtendedCollectionManager

        name = fields.PKField()
        following = related.M2MSetField("self", related_name="followers")

    class Group(related.RelatedModel):
        database = main_database
        collection_manager = ExtendedCollectionManager

        name = fields.PKField()
        private = fields.StringField(default=0, indexable=True)
        owner = related.FKInstanceHashField(Person, related_name="owned_groups")
        deputy = related.FKStringField("Person", related_name="deputy_of")
        members = related.M2MSetField(Person, related_name="membership")
        queue = related.M2MListField(Person, related_name="queued_in")
        ranks = related.M2MSortedSetField(Person, related_name="ranked_in")

    return Person, Group


# --- foreign keys ---


def test_instances_and_pks_are_values(models):
    person_model, group_model = models
    core_devs, ybon = group_model(name="limpyd core devs"), person_model(name="ybon")
    core_devs.owner.hset(ybon)
    assert core_devs.owner.hget() == ybon.name.get() == "ybon"
    core_devs.owner.hset("ybon")
    assert core_devs.owner.instance() == ybon
    assert core_devs.owner.instance(lazy=True).name.get() == "ybon"
    assert group_model(name="other", owner=ybon, deputy=ybon).deputy.get() == "ybon"
    assert (
        set(group_model.collection(owner=ybon))
        == set(group_model.collection(owner="ybon"))
        == {"limpyd core devs", "other"}
    )


def test_another_field_is_a_value(models):
    person_model, group_model = models
    first, second = group_model(name="first", owner=person_model(name="ybon")), group_model(name="second")
    second.owner.hset(first.owner)
    assert second.owner.hget() == "ybon"
    assert set(group_model.collection(owner=first.owner)) == {"first", "second"}


def test_the_other_side_of_a_foreign_key(models):
    person_model, group_model = models
    ybon = person_model(name="ybon")
    group_model(name="core devs", owner=ybon)
    group_model(name="hidden", owner=ybon, private=1)
    group_model(name="foreign", owner=person_model(name="twidi"))
    assert set(ybon.owned_groups()) == {"core devs", "hidden"}
    assert list(ybon.owned_groups(private=1)) == ["hidden"]
    assert [group.private.get() for group in ybon.owned_groups(private=1).instances()] == ["1"]
    assert len(ybon.owned_groups()) == 2
    assert list(ybon.deputy_of()) == []


# --- many to many ---


def test_sets(models):
    person_model, group_model = models
    core_devs, ybon, twidi = group_model(name="limpyd core devs"), person_model(name="ybon"), person_model(name="twidi")
    core_devs.members.sadd(ybon, twidi)
    assert core_devs.members.smembers() == {"ybon", "twidi"}
    assert core_devs.members.sismember(ybon)
    assert set(core_devs.members()) == set(core_devs.members.collection()) == {"ybon", "twidi"}
    assert {person.name.get() for person in core_devs.members().instances()} == {"ybon", "twidi"}
    assert list(ybon.membership()) == ["limpyd core devs"]
    core_devs.members.srem(ybon)
    assert list(ybon.membership()) == []
    assert list(core_devs.members(name="twidi")) == ["twidi"]


def test_self(models):
    person_model, _ = models
    foo, bar, baz = (person_model(name=name) for name in ("foo", "bar", "baz"))
    foo.following.sadd(bar, "baz")
    bar.following.sadd(baz)
    assert set(foo.following()) == {"bar", "baz"}
    assert set(baz.followers()) == {"foo", "bar"}
    assert list(bar.followers()) == ["foo"]


def test_lists(models):
    person_model, group_model = models
    group, people = group_model(name="x"), [person_model(name=name) for name in "abc"]
    group.queue.rpush(people[0], people[1])
    group.queue.lpush(people[2])
    assert group.queue.lmembers() == ["c", "a", "b"]
    group.queue.linsert("before", people[0], people[1])
    group.queue.lset(0, people[1])
    assert group.queue.lrange(0, -1) == ["b", "b", "a", "b"]
    assert group.queue.lrem(0, people[1]) == 3
    assert set(group.queue()) == {"a"}
    assert list(people[0].queued_in()) == ["x"]
    assert list(people[1].queued_in()) == []


def test_sorted_sets(models):
    person_model, group_model = models
    group, ybon, twidi = group_model(name="x"), person_model(name="ybon"), person_model(name="twidi")
    group.ranks.zadd({ybon.name.get(): 2, "twidi": 1})
    assert group.ranks.zmembers() == ["twidi", "ybon"]
    assert group.ranks.zscore(ybon) == 2
    assert group.ranks.zrank(twidi) == 0
    assert group.ranks.zincrby(5, twidi) == 6
    assert list(ybon.ranked_in()) == ["x"]
    assert group.ranks.zrem(ybon) == 1
    assert list(group.ranks()) == ["twidi"]


def test_collections_of_lists_and_sorted_sets_are_in_order_when_sorted_by_them(models):
    person_model, group_model = models
    group = group_model(name="x")
    for name in "abc":
        person_model(name=name)
    group.ranks.zadd({"a": 3, "b": 1, "c": 2})
    assert list(group.ranks().sort(by_score=group.ranks)) == ["b", "c", "a"]


# --- related names ---


def test_the_default_related_name(database):
    main_database = database

    class Person(related.RelatedModel):
        database = main_database
        name = fields.PKField()

    class Group(related.RelatedModel):
        database = main_database
        owner = related.FKStringField(Person)

    Group(owner=Person(name="ybon"))
    assert list(Person("ybon").group_set()) == ["1"]


def test_related_names_of_abstract_models(database):
    main_database = database

    class Other(related.RelatedModel):
        database = main_database
        namespace = "project"
        name = fields.PKField()

    class Base(related.RelatedModel):
        database = main_database
        abstract = True
        namespace = "project"
        a_field = related.FKStringField("Other", related_name="%(namespace)s_%(model)s_related")

    class ChildA(Base):
        pass

    class ChildB(Base):
        pass

    other = Other(name="x")
    ChildA(a_field=other)
    ChildB(a_field=other)
    ChildB(a_field=other)
    assert len(other.project_childa_related()) == 1
    assert len(other.project_childb_related()) == 2


def test_references_into_other_namespaces(database):
    main_database = database

    class Person(related.RelatedModel):
        database = main_database
        namespace = "people"
        name = fields.PKField()

    class Group(related.RelatedModel):
        database = main_database
        namespace = "groups"
        owner = related.FKStringField("people:Person", related_name="owned")

    person = Person(name="ybon")
    assert list(Person("ybon").owned()) == []
    Group(owner=person)
    assert list(person.owned()) == ["1"]
    assert Group(1).owner.instance() == person


def test_one_related_name_for_one_field(database):
    main_database = database

    class Person(related.RelatedModel):
        database = main_database
        name = fields.PKField()

    with pytest.raises(ImplementationError):

        class Group(related.RelatedModel):
            database = main_database
            owner = related.FKStringField(Person, related_name="groups")
            deputy = related.FKStringField(Person, related_name="groups")


# --- deletion ---


def test_a_deletion_clears_what_points_to_the_object(models):
    person_model, group_model = models
    ybon = person_model(name="ybon")
    group = group_model(name="x", owner=ybon, deputy=ybon, members=["ybon"], ranks={"ybon": 1}, queue=["ybon"])
    ybon.delete()
    assert group.owner.hget() is None
    assert group.deputy.get() is None
    assert group.members.smembers() == set()
    assert group.ranks.zmembers() == []
    assert group.queue.lmembers() == []
    assert list(group_model.collection(owner="ybon")) == []
