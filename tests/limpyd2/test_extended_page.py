"""What limpyd 2's documentation says of extended collections (contrib), statement by statement."""

import pytest

from limpyd import fields, model
from limpyd.contrib import related
from limpyd.contrib.collection import SORTED_SCORE, ExtendedCollectionManager
from limpyd.exceptions import DoesNotExist, ImplementationError


@pytest.fixture
def person_model(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        collection_manager = ExtendedCollectionManager

        firstname = fields.InstanceHashField(indexable=True)
        lastname = fields.InstanceHashField(indexable=True)
        birth_year = fields.StringField(indexable=True)
        friends = fields.SetField()
        line = fields.ListField()
        ranking = fields.SortedSetField()

    Person(firstname="John", lastname="Smith", birth_year=1960)
    Person(firstname="John", lastname="Doe", birth_year=1965)
    Person(firstname="Emily", lastname="Smith", birth_year=1950)
    Person(firstname="Susan", lastname="Doe", birth_year=1960)
    return Person


# --- filter and intersect ---


def test_filter_is_chained(person_model):
    people = person_model.collection(firstname="John")
    assert list(people.filter(lastname="Doe")) == ["2"]
    assert list(person_model.collection().filter(firstname="John").filter(birth_year=1960)) == ["1"]


def test_one_field_may_be_filtered_by_twice(person_model):
    assert list(person_model.collection(firstname="John").filter(firstname="Emily")) == []


def test_intersect_with_plain_containers(person_model):
    people = person_model.collection()
    assert set(people.intersect([1, "2", 10])) == {"1", "2"}
    assert set(person_model.collection(firstname="John").intersect({"2", "3"})) == {"2"}
    assert set(person_model.collection(firstname="John").intersect(("1",))) == {"1"}
    assert set(person_model.collection().intersect(["1", "2"], ["2", "3"])) == {"2"}


def test_intersect_with_keys(person_model):
    connection = person_model.database.connection
    connection.sadd("some:set", 1, 3)
    connection.zadd("some:zset", {"2": 1, "3": 2})
    connection.rpush("some:list", 3, 3, 4)
    assert set(person_model.collection().intersect("some:set")) == {"1", "3"}
    assert set(person_model.collection().intersect("some:zset")) == {"2", "3"}
    assert set(person_model.collection().intersect("some:list")) == {"3", "4"}
    assert set(person_model.collection().intersect("some:set", "some:zset")) == {"3"}


def test_intersect_with_fields(person_model):
    person = person_model(1)
    person.friends.sadd(2, 3)
    person.line.rpush(3, 4)
    person.ranking.zadd({"4": 1})
    assert set(person_model.collection().intersect(person.friends)) == {"2", "3"}
    assert set(person_model.collection().intersect(person.line)) == {"3", "4"}
    assert set(person_model.collection().intersect(person.ranking)) == {"4"}
    assert set(person_model.collection(lastname="Smith").intersect(person.friends, person.line)) == {"3"}


# --- values ---


def test_values(person_model):
    people = person_model.collection(firstname="John")
    found = sorted(people.values("firstname", "lastname", "birth_year"), key=lambda values: values["lastname"])
    assert found == [
        {"firstname": "John", "lastname": "Doe", "birth_year": "1965"},
        {"firstname": "John", "lastname": "Smith", "birth_year": "1960"},
    ]
    assert sorted(person_model.collection(lastname="Doe").values("pk"), key=str) == [{"pk": "2"}, {"pk": "4"}]
    everything = person_model.collection(pk=3).values()[0]
    assert everything.items() >= {"pk": "3", "firstname": "Emily", "lastname": "Smith", "birth_year": "1950"}.items()


def test_values_list(person_model):
    people = person_model.collection(firstname="John")
    assert set(people.values_list("pk", "lastname")) == {("1", "Smith"), ("2", "Doe")}
    assert set(person_model.collection().values_list("firstname", flat=True)) == {"John", "Emily", "Susan"}
    with pytest.raises((ValueError, ImplementationError)):
        list(person_model.collection().values_list("firstname", "lastname", flat=True))


def test_missing_values_are_none(person_model):
    person_model(lastname="Only")
    assert list(person_model.collection(lastname="Only").values_list("firstname", "birth_year")) == [(None, None)]


def test_values_are_sorted_and_sliced(person_model):
    people = person_model.collection().sort(by="birth_year").values_list("firstname", flat=True)
    assert people[0] == "Emily"
    assert list(people[0:1]) == ["Emily"]
    assert list(person_model.collection().sort(by="-birth_year").values("pk")[:1]) == [{"pk": "2"}]


# --- sort(by_score=) ---


def test_sorting_by_the_scores_of_a_set(person_model):
    person = person_model(1)
    person.ranking.zadd({"1": 30, "2": 10, "3": 20})
    by_score = person_model.collection().intersect(person.ranking).sort(by_score=person.ranking)
    assert list(by_score) == ["2", "3", "1"]
    descending = person_model.collection().intersect(person.ranking).sort(by_score=person.ranking, desc=True)
    assert list(descending) == ["1", "3", "2"]
    by_key = person_model.collection(firstname="John").sort(by_score=person.ranking.key)
    assert list(by_key) == ["2", "1"]


def test_scores_among_the_values(person_model):
    person = person_model(1)
    person.ranking.zadd({"1": 1.5, "2": 1})
    people = person_model.collection(firstname="John").sort(by_score=person.ranking)
    found = people.values_list("lastname", SORTED_SCORE)
    assert [(name, float(score)) for name, score in found] == [("Doe", 1.0), ("Smith", 1.5)]
    (first, *_) = person_model.collection(firstname="John").sort(by_score=person.ranking).values("pk", SORTED_SCORE)
    assert (first["pk"], float(first[SORTED_SCORE])) == ("2", 1.0)


# --- store ---


def test_stored_collections(person_model):
    stored = person_model.collection(firstname="John").store()
    person_model(firstname="John", lastname="New")
    assert set(stored) == {"1", "2"}
    assert set(person_model.collection().from_stored(stored.stored_key)) == {"1", "2"}
    assert len(stored) == 2
    assert 0 < person_model.database.connection.ttl(stored.stored_key) <= 60


def test_storing_under_a_key(person_model):
    stored = person_model.collection(lastname="Doe").sort(by="-birth_year").store(key="does", ttl=None)
    assert stored.stored_key == "does"
    assert person_model.database.connection.ttl("does") == -1
    again = person_model.collection().from_stored("does")
    assert list(again) == ["2", "4"]
    assert [person.firstname.hget() for person in again.instances()] == ["John", "Susan"]
    person_model.database.connection.delete("does")
    with pytest.raises(DoesNotExist):
        list(person_model.collection().from_stored("does"))


# --- fields and instances as filter values ---


def test_fields_and_instances_are_filter_values(database):
    main_database = database

    class Person(related.RelatedModel):
        database = main_database
        collection_manager = ExtendedCollectionManager
        name = fields.InstanceHashField(indexable=True)
        prefered_name = fields.StringField()
        friend = related.FKStringField("self", related_name="friends")

    ada = Person(name="Ada", prefered_name="Ben")
    ben = Person(name="Ben", friend=ada)
    assert list(Person.collection(name=ada.prefered_name)) == ["2"]
    assert list(Person.collection(friend=ada)) == list(Person.collection(friend=ada.pk)) == ["2"]
    assert list(Person.collection(pk=ada)) == ["1"]
    assert list(Person.collection(friend=ben)) == []


def test_the_manager_may_be_asked_for(database):
    """collection(manager=…), and a manager of one's own."""
    main_database = database

    class Adults(ExtendedCollectionManager):
        def adults(self):
            return self.filter(adult=1)

    class Person(model.RedisModel):
        database = main_database
        collection_manager = Adults
        adult = fields.InstanceHashField(indexable=True)

    Person(adult=1)
    Person(adult=0)
    assert list(Person.collection().adults()) == ["1"]
    assert list(Person.collection(manager=ExtendedCollectionManager, adult=0)) == ["2"]
