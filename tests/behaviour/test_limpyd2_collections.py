"""What limpyd 2's users write: the ways of its documentation to find, sort, store and index, with what they give."""

from __future__ import annotations

import pytest

from limpyd import (
    SORTED_SCORE,
    DateIndex,
    DateSimpleTimeIndex,
    DateTimeIndex,
    EqualIndex,
    EqualIndexWith,
    HashField,
    InstanceHashField,
    ListField,
    MultiIndexes,
    NumberRangeIndex,
    PKField,
    RedisDatabase,
    RedisModel,
    ScoredEqualIndex,
    SetField,
    SimpleDateTimeIndex,
    SortedSetField,
    StringField,
    TextRangeIndex,
    TimeIndex,
)
from limpyd.exceptions import DoesNotExist, IndexNotBuilt, LimpydError, ServerError, UniquenessError


@pytest.fixture
def main_database(one_server):
    database = RedisDatabase(port=one_server.port)
    yield database
    database.close()


@pytest.fixture
def redis(one_server):
    with one_server.client() as client:
        yield client


@pytest.fixture
def person(main_database):
    class Person(RedisModel):
        database = main_database

        firstname = StringField(indexable=True)
        lastname = StringField(indexable=True)
        birth_year = StringField(indexable=True)

        def __repr__(self):
            firstname, lastname, birth_year = self.firstname.get(), self.lastname.get(), self.birth_year.get()
            return f"<[{self.pk.get()}] {firstname} {lastname} ({birth_year})>"

    Person(firstname="John", lastname="Smith", birth_year="1960")
    Person(firstname="John", lastname="Doe", birth_year="1965")
    Person(firstname="Emily", lastname="Smith", birth_year="1950")
    Person(firstname="Susan", lastname="Doe", birth_year="1960")
    return Person


@pytest.fixture
def group(main_database):
    class Group(RedisModel):
        database = main_database

        name = StringField()
        members = SetField()
        queue = ListField()
        ranking = SortedSetField()

    return Group


class TestFilters:
    def test_without_a_filter_it_is_the_whole_collection(self, person):
        assert set(person.collection()) == {"1", "2", "3", "4"}
        assert len(person.collection()) == 4

    def test_by_a_field(self, person):
        assert set(person.collection(firstname="John")) == {"1", "2"}
        assert set(person.collection(firstname__eq="John")) == {"1", "2"}
        assert set(person.collection(birth_year="1960")) == {"1", "4"}
        assert list(person.collection(firstname="Nobody")) == []
        assert len(person.collection(firstname="Nobody")) == 0

    def test_by_several_fields(self, person):
        assert list(person.collection(firstname="John", lastname="Smith")) == ["1"]
        assert list(person.collection(firstname="Emily", lastname="Doe")) == []

    def test_by_several_values(self, person):
        assert set(person.collection(firstname__in=["Emily", "Susan"])) == {"3", "4"}
        assert set(person.collection(firstname__in={"Emily", "Susan"}, lastname__in=("Doe", "Roe"))) == {"4"}
        assert list(person.collection(firstname__in=[])) == []

    def test_by_primary_key(self, person):
        assert list(person.collection(pk=1)) == ["1"]
        assert list(person.collection(pk="1", firstname="John")) == ["1"]
        assert list(person.collection(pk=1, firstname="Susan")) == []
        assert list(person.collection(pk=99)) == []

    def test_narrowed_step_by_step(self, person):
        people = person.collection()
        johns = people.filter(firstname="John")
        john_smith = johns.filter(lastname="Smith")
        assert list(john_smith) == ["1"]
        assert set(johns) == {"1", "2"}
        assert len(people) == 4

    def test_it_is_lazy(self, person):
        johns = person.collection(firstname="John")
        person(firstname="John", lastname="Roe", birth_year="1970")
        assert set(johns) == {"1", "2", "5"}

    def test_a_field_that_cannot_be_filtered_by_is_refused(self, main_database):
        class Boat(RedisModel):
            database = main_database
            name = StringField(indexable=True)
            length = StringField()

        with pytest.raises(LimpydError):
            list(Boat.collection(length="5"))
        with pytest.raises(LimpydError):
            list(Boat.collection(name__gt="A"))
        with pytest.raises((LimpydError, AttributeError)):
            list(Boat.collection(colour="red"))

    def test_sub_keys_of_a_hash(self, main_database):
        class Email(RedisModel):
            database = main_database
            headers = HashField(indexable=True)

        Email(headers={"from": "foo@bar.com", "to": "me@world.org"})
        Email(headers={"from": "you@moon.io", "to": "me@world.org"})
        assert list(Email.collection(headers__from="foo@bar.com")) == ["1"]
        assert set(Email.collection(headers__to="me@world.org")) == {"1", "2"}
        assert list(Email.collection(headers__from="you@moon.io", headers__to="me@world.org")) == ["2"]
        assert set(Email.collection(headers__from__in=["foo@bar.com", "you@moon.io"])) == {"1", "2"}
        assert list(Email.collection(headers__to="foo@bar.com")) == []
        assert list(Email.collection(headers__to__eq="foo@bar.com")) == []

    def test_any_member_of_many(self, main_database):
        class Train(RedisModel):
            database = main_database
            stops = ListField(indexable=True)
            kinds = SetField(indexable=True)
            seats = SortedSetField(indexable=True)

        Train(stops=["Paris", "Lyon", "Paris"], kinds=["fast"], seats={"first": 50, "second": 300})
        Train(stops=["Lyon", "Nice"], kinds=["fast", "night"], seats={"second": 100})
        assert set(Train.collection(stops="Lyon")) == {"1", "2"}
        assert list(Train.collection(stops="Paris", kinds="fast")) == ["1"]
        assert list(Train.collection(kinds="night")) == ["2"]
        assert list(Train.collection(seats="first")) == ["1"]
        Train(2).kinds.srem("fast")
        assert list(Train.collection(kinds="fast")) == ["1"]


class TestResults:
    def test_instances(self, person):
        (john,) = person.collection(firstname="John", lastname="Smith").instances()
        assert isinstance(john, person)
        assert john == person(1)
        assert repr(john) == "<[1] John Smith (1960)>"
        assert person.collection(firstname="Emily").instances()[0].birth_year.get() == "1950"
        assert set(person.instances(firstname="John")) == {person(1), person(2)}

    def test_lazy_instances(self, person):
        lazy = list(person.collection(lastname="Doe").sort().instances(lazy=True))
        assert [each.firstname.get() for each in lazy] == ["John", "Susan"]

    def test_back_to_primary_keys(self, person):
        assert list(person.collection(firstname="Emily").instances().primary_keys()) == ["3"]
        assert list(person.collection(firstname="Emily").values("lastname").primary_keys()) == ["3"]

    def test_values(self, person):
        people = person.collection(firstname="John").sort()
        assert list(people.values("firstname", "lastname")) == [
            {"firstname": "John", "lastname": "Smith"},
            {"firstname": "John", "lastname": "Doe"},
        ]
        assert list(people.values("pk", "birth_year")) == [
            {"pk": "1", "birth_year": "1960"},
            {"pk": "2", "birth_year": "1965"},
        ]

    def test_values_of_all_fields(self, person):
        assert list(person.collection(firstname="Emily").values()) == [
            {"pk": "3", "firstname": "Emily", "lastname": "Smith", "birth_year": "1950"}
        ]
        assert list(person.collection(firstname="Emily").values_list()) == [("3", "Emily", "Smith", "1950")]

    def test_values_list(self, person):
        people = person.collection(firstname="John").sort(by="birth_year")
        assert [tuple(each) for each in people.values_list("firstname", "lastname")] == [
            ("John", "Smith"),
            ("John", "Doe"),
        ]
        assert list(people.values_list("pk", flat=True)) == ["1", "2"]
        assert list(people.values_list("lastname", flat=True)) == ["Smith", "Doe"]
        assert [tuple(each) for each in people.values_list("lastname")] == [("Smith",), ("Doe",)]

    def test_a_flat_list_has_one_field(self, person):
        with pytest.raises(ValueError, match="flat"):
            list(person.collection().values_list("firstname", "lastname", flat=True))

    def test_a_value_that_is_not_there_is_none(self, person):
        person(firstname="Prince")
        assert list(person.collection(firstname="Prince").values_list("firstname", "lastname")) == [("Prince", None)]

    def test_fields_of_the_instances_hash(self, main_database):
        class Bike(RedisModel):
            database = main_database
            name = InstanceHashField(indexable=True, unique=True)
            color = InstanceHashField()
            wheels = StringField(default="2")

        Bike(name="mountainbike", color="blue")
        Bike(name="tricycle", wheels="3")
        assert list(Bike.collection().sort(by="wheels").values("name", "color", "wheels")) == [
            {"name": "mountainbike", "color": "blue", "wheels": "2"},
            {"name": "tricycle", "color": None, "wheels": "3"},
        ]
        assert Bike.collection(name="tricycle").instances()[0].wheels.get() == "3"


class TestSort:
    def test_by_a_field(self, person):
        assert list(person.collection().sort(by="birth_year")) == ["3", "1", "4", "2"]
        assert list(person.collection().sort(by="-birth_year")) == ["2", "4", "1", "3"]
        assert list(person.collection().sort(by="birth_year", desc=True)) == ["2", "4", "1", "3"]

    def test_a_filtered_collection(self, person):
        assert list(person.collection(firstname="John").sort(by="birth_year")) == ["1", "2"]
        assert list(person.collection(firstname="John").sort(by="-birth_year")) == ["2", "1"]
        assert list(person.collection(lastname="Smith").sort(by="birth_year")) == ["3", "1"]

    def test_by_text(self, person):
        assert list(person.collection().sort(by="firstname", alpha=True)) == ["3", "1", "2", "4"]
        assert list(person.collection().sort(by="-firstname", alpha=True)) == ["4", "2", "1", "3"]
        assert list(person.collection().sort(by="lastname", alpha=True).values_list("lastname", flat=True)) == [
            "Doe",
            "Doe",
            "Smith",
            "Smith",
        ]

    def test_numbers_are_not_text(self, person):
        person(firstname="Julius", lastname="Caesar", birth_year="-100")
        person(firstname="Nero", lastname="Claudius", birth_year="37")
        assert list(person.collection().sort(by="birth_year"))[:3] == ["5", "6", "3"]
        assert list(person.collection().sort(by="birth_year", alpha=True)) == ["5", "3", "1", "4", "2", "6"]

    def test_by_primary_key(self, person):
        for _ in range(8):
            person(firstname="Jane")
        assert list(person.collection().sort()) == [str(number) for number in range(1, 13)]
        assert list(person.collection().sort(by="pk"))[:3] == ["1", "2", "3"]
        assert list(person.collection().sort(by="-pk"))[:3] == ["12", "11", "10"]
        assert list(person.collection().sort(alpha=True))[:4] == ["1", "10", "11", "12"]

    def test_text_primary_keys_are_sorted_as_text(self, main_database):
        class Country(RedisModel):
            database = main_database
            code = PKField()

        for code in ("fr", "de", "it"):
            Country(code=code)
        assert list(Country.collection().sort(alpha=True)) == ["de", "fr", "it"]
        assert list(Country.collection().sort(by="-code", alpha=True)) == ["it", "fr", "de"]

    def test_slices(self, person):
        people = person.collection().sort(by="birth_year")
        assert people[0] == "3"
        assert people[-1] == "2"
        assert list(people[1:3]) == ["1", "4"]
        assert list(people[2:]) == ["4", "2"]
        assert list(people[:2]) == ["3", "1"]
        assert list(people[-2:]) == ["4", "2"]
        assert list(people[::-1]) == ["2", "4", "1", "3"]
        assert list(people[5:10]) == []
        assert list(people) == ["3", "1", "4", "2"]
        with pytest.raises(IndexError):
            people[4]

    def test_slices_of_instances_and_values(self, person):
        people = person.collection().sort(by="-birth_year")
        assert [repr(each) for each in people.instances()[:2]] == ["<[2] John Doe (1965)>", "<[4] Susan Doe (1960)>"]
        assert list(people.values_list("firstname", flat=True)[2:4]) == ["John", "Emily"]
        assert people.values("firstname")[0] == {"firstname": "John"}

    def test_by_a_score(self, person, group):
        chess = group(name="chess", ranking={"1": 20, "3": 10.5, "4": 30})
        players = person.collection().intersect(chess.ranking).sort(by_score=chess.ranking)
        assert list(players) == ["3", "1", "4"]
        assert list(players.values_list("firstname", flat=True)) == ["Emily", "John", "Susan"]
        assert list(person.collection(lastname="Smith").sort(by_score=chess.ranking)) == ["3", "1"]
        assert list(players[:2]) == ["3", "1"]
        assert players[0] == "3"

    def test_by_a_score_the_other_way(self, person, group):
        chess = group(name="chess", ranking={"1": 20, "3": 10.5, "4": 30})
        players = person.collection().intersect(chess.ranking).sort(by_score=chess.ranking, desc=True)
        assert list(players) == ["4", "1", "3"]

    def test_by_the_score_in_a_key(self, person, redis):
        redis.zadd("podium", {"4": 1, "2": 2, "3": 3})
        assert list(person.collection().intersect("podium").sort(by_score="podium")) == ["4", "2", "3"]

    def test_the_score_among_the_values(self, person, group):
        chess = group(name="chess", ranking={"1": 20, "3": 10.5, "4": 30})
        players = person.collection().intersect(chess.ranking).sort(by_score=chess.ranking)
        found = [(pk, name, float(score)) for pk, name, score in players.values_list("pk", "firstname", SORTED_SCORE)]
        assert found == [("3", "Emily", 10.5), ("1", "John", 20.0), ("4", "Susan", 30.0)]
        best = players.values("firstname", SORTED_SCORE)[-1]
        assert (best["firstname"], float(best[SORTED_SCORE])) == ("Susan", 30.0)

    def test_one_way_to_sort_at_a_time(self, person, group):
        chess = group(name="chess", ranking={"1": 20})
        with pytest.raises(ValueError, match="by_score"):
            list(person.collection().sort(by="birth_year", by_score=chess.ranking))


class TestIntersect:
    def test_with_lists_sets_and_tuples(self, person):
        my_friends = [1, 2, 3]
        my_bros = {"1", "2"}
        assert set(person.collection(lastname="Smith").intersect(my_friends)) == {"1", "3"}
        assert list(person.collection(lastname="Smith").intersect(my_friends, my_bros)) == ["1"]
        assert list(person.collection(lastname="Smith").intersect(my_friends).intersect(("3", "4"))) == ["3"]
        assert set(person.collection().intersect(["1", "2", "99"])) == {"1", "2"}

    def test_with_fields(self, person, group):
        chess = group(members=["1", "2", "3"], queue=["3", "4", "3"], ranking={"3": 1, "1": 2})
        assert set(person.collection().intersect(chess.members)) == {"1", "2", "3"}
        assert list(person.collection(firstname="Emily").intersect(chess.members)) == ["3"]
        assert list(person.collection(firstname="Susan").intersect(chess.members)) == []
        assert set(person.collection().intersect(chess.queue)) == {"3", "4"}
        assert set(person.collection().intersect(chess.ranking)) == {"1", "3"}
        assert list(person.collection().intersect(chess.members, chess.queue, chess.ranking)) == ["3"]
        assert len(person.collection(lastname="Smith").intersect(chess.ranking)) == 2

    def test_with_keys(self, person, redis):
        redis.sadd("a set", 1, 2)
        redis.rpush("a list", 2, 3, 2)
        redis.zadd("a sorted set", {"2": 5, "4": 1})
        assert set(person.collection().intersect("a set")) == {"1", "2"}
        assert set(person.collection().intersect("a list")) == {"2", "3"}
        assert set(person.collection().intersect("a sorted set")) == {"2", "4"}
        assert list(person.collection(firstname="John").intersect("a set", "a list")) == ["2"]
        assert list(person.collection().intersect("nothing there")) == []

    def test_with_values_and_sort(self, person):
        found = person.collection().intersect([1, 3, 4]).sort(by="birth_year").values_list("firstname", flat=True)
        assert list(found) == ["Emily", "John", "Susan"]

    def test_a_friend_of_all(self, main_database):
        class Human(RedisModel):
            database = main_database
            name = StringField(indexable=True)
            city = StringField(indexable=True)
            friends = SetField()

        ada = Human(name="Ada", city="London", friends=["2", "3", "4"])
        bob = Human(name="Bob", city="London", friends=["1", "3", "4"])
        Human(name="Eve", city="Paris", friends=["1"])
        Human(name="Dan", city="London")
        both = Human.collection().intersect(ada.friends, bob.friends)
        assert set(both) == {"3", "4"}
        assert list(both.filter(city="London").values_list("name", flat=True)) == ["Dan"]


class TestFieldsAndInstancesAsValues:
    def test_a_field_of_another_instance(self, person):
        susan = person.get(firstname="Susan")
        same_year = person.collection(birth_year=susan.birth_year)
        assert set(same_year) == {"1", "4"}
        susan.birth_year.set("1965")
        assert set(person.collection(birth_year=susan.birth_year)) == {"2", "4"}

    def test_a_field_without_a_value(self, person):
        nobody = person(firstname="Nobody")
        assert list(person.collection(lastname=nobody.lastname)) == []

    def test_an_instance_stands_for_its_primary_key(self, person, main_database):
        class Book(RedisModel):
            database = main_database
            title = StringField()
            author = StringField(indexable=True)

        emily = person.get(firstname="Emily")
        Book(title="Heights", author=emily.pk.get())
        Book(title="Depths", author="1")
        assert list(Book.collection(author=emily).values_list("title", flat=True)) == ["Heights"]
        assert list(person.collection(pk=emily)) == ["3"]

    def test_a_primary_key_from_a_field(self, person, main_database):
        class Account(RedisModel):
            database = main_database
            owner = StringField()

        account = Account(owner="2")
        assert list(person.collection(pk=account.owner)) == ["2"]
        assert list(person.collection(pk=account.owner, firstname="Susan")) == []


class TestStore:
    def test_stored_and_read_again(self, person):
        stored = person.collection(firstname="John").sort(by="-birth_year").store()
        assert list(stored) == ["2", "1"]
        assert len(stored) == 2
        again = person.collection().from_stored(stored.stored_key)
        assert list(again) == ["2", "1"]
        assert list(again.values_list("lastname", flat=True)) == ["Doe", "Smith"]

    def test_it_stays_as_it_was(self, person):
        stored = person.collection(firstname="John").store()
        person(firstname="John", lastname="Roe")
        assert set(stored) == {"1", "2"}
        assert len(person.collection(firstname="John")) == 3

    def test_it_expires(self, person, redis):
        stored = person.collection(firstname="John").store()
        assert 55 <= redis.ttl(stored.stored_key) <= 60
        stored = person.collection(firstname="John").store(ttl=600)
        assert 590 <= redis.ttl(stored.stored_key) <= 600
        stored = person.collection(firstname="John").store(ttl=None)
        assert redis.ttl(stored.stored_key) == -1

    def test_under_a_key_of_its_own(self, person, redis):
        stored = person.collection(lastname="Doe").sort(by="firstname", alpha=True).store(key="all the Does")
        assert stored.stored_key == "all the Does"
        assert redis.exists("all the Does")
        assert list(person.collection().from_stored("all the Does")) == ["2", "4"]

    def test_narrowed_further(self, person):
        stored = person.collection(lastname="Doe").store()
        assert list(stored.filter(firstname="Susan")) == ["4"]
        assert list(person.collection(birth_year="1960").from_stored(stored.stored_key)) == ["4"]
        assert list(stored.sort(by="-birth_year")) == ["2", "4"]

    def test_intersected(self, person):
        stored = person.collection(lastname="Doe").store()
        again = person.collection().from_stored(stored.stored_key)
        assert list(again.intersect([1, 2, 3])) == ["2"]

    def test_what_items_are_is_kept(self, person):
        stored = person.collection(lastname="Doe").sort(by="birth_year").instances().store()
        assert list(stored) == [person(4), person(2)]
        stored = person.collection(lastname="Doe").sort(by="birth_year").values_list("firstname", flat=True).store()
        assert list(stored) == ["Susan", "John"]

    def test_nothing_can_be_stored(self, person):
        stored = person.collection(firstname="Nobody").store()
        assert list(stored) == []
        assert len(stored) == 0

    def test_gone(self, person, redis):
        stored = person.collection(firstname="John").store()
        redis.delete(stored.stored_key)
        with pytest.raises(DoesNotExist):
            list(stored)

    def test_sorted_by_a_score(self, person, group):
        chess = group(ranking={"1": 20, "3": 10.5, "4": 30})
        stored = person.collection().intersect(chess.ranking).sort(by_score=chess.ranking).store()
        assert list(stored) == ["3", "1", "4"]


@pytest.fixture
def word(main_database):
    def declared(*indexes, unique=False):
        class Word(RedisModel):
            database = main_database
            text = StringField(indexable=True, unique=unique, indexes=list(indexes))

        return Word

    return declared


def texts(collection):
    return sorted(collection.values_list("text", flat=True))


class TestTextRanges:
    @pytest.fixture
    def fruit(self, word):
        fruit = word(TextRangeIndex)
        for text in ("apple", "apricot", "banana", "ban", "cherry", "élan"):
            fruit(text=text)
        return fruit

    def test_suffixes(self, fruit):
        assert texts(fruit.collection(text="ban")) == ["ban"]
        assert texts(fruit.collection(text__eq="banana")) == ["banana"]
        assert texts(fruit.collection(text__in=["ban", "cherry", "none"])) == ["ban", "cherry"]
        assert texts(fruit.collection(text__gt="ban")) == ["banana", "cherry", "élan"]
        assert texts(fruit.collection(text__gte="ban")) == ["ban", "banana", "cherry", "élan"]
        assert texts(fruit.collection(text__lt="ban")) == ["apple", "apricot"]
        assert texts(fruit.collection(text__lte="ban")) == ["apple", "apricot", "ban"]
        assert texts(fruit.collection(text__startswith="ap")) == ["apple", "apricot"]
        assert texts(fruit.collection(text__startswith="ban")) == ["ban", "banana"]

    def test_several_at_once(self, fruit):
        assert texts(fruit.collection(text__gte="apricot", text__lt="banana")) == ["apricot", "ban"]
        assert texts(fruit.collection(text__startswith="a", text__gt="apple")) == ["apricot"]

    def test_unique(self, word):
        word = word(TextRangeIndex, unique=True)
        word(text="only")
        with pytest.raises(UniquenessError):
            word(text="only")
        assert texts(word.collection(text__startswith="on")) == ["only"]

    def test_sub_keys_of_a_hash(self, main_database):
        class Page(RedisModel):
            database = main_database
            titles = HashField(indexable=True, indexes=[TextRangeIndex])

        Page(titles={"en": "Home", "fr": "Accueil"})
        Page(titles={"en": "About"})
        assert list(Page.collection(titles__en__gt="B")) == ["1"]
        assert list(Page.collection(titles__en__startswith="Ab")) == ["2"]
        assert list(Page.collection(titles__fr__lte="Accueil")) == ["1"]

    def test_any_member_of_many(self, main_database):
        class Post(RedisModel):
            database = main_database
            tags = SetField(indexable=True, indexes=[TextRangeIndex])

        Post(tags=["redis", "python"])
        Post(tags=["ruby"])
        assert set(Post.collection(tags__startswith="r")) == {"1", "2"}
        assert list(Post.collection(tags__lt="r")) == ["1"]


class TestNumberRanges:
    @pytest.fixture
    def human(self, main_database):
        class Human(RedisModel):
            database = main_database
            name = StringField(indexable=True)
            birth_year = StringField(indexable=True, indexes=[NumberRangeIndex])

        for name, year in (("Ada", "1815"), ("Alan", "1912"), ("Cato", "-95"), ("Edsger", "1930"), ("Nero", "37")):
            Human(name=name, birth_year=year)
        return Human

    @staticmethod
    def names(collection):
        return sorted(collection.values_list("name", flat=True))

    def test_suffixes(self, human):
        assert self.names(human.collection(birth_year=1912)) == ["Alan"]
        assert self.names(human.collection(birth_year__eq="1912")) == ["Alan"]
        assert self.names(human.collection(birth_year__in=[1815, 37, 1])) == ["Ada", "Nero"]
        assert self.names(human.collection(birth_year__gt=1815)) == ["Alan", "Edsger"]
        assert self.names(human.collection(birth_year__gte=1815)) == ["Ada", "Alan", "Edsger"]
        assert self.names(human.collection(birth_year__lt=37)) == ["Cato"]
        assert self.names(human.collection(birth_year__lte="37")) == ["Cato", "Nero"]

    def test_with_other_filters_and_a_sort(self, human):
        assert self.names(human.collection(birth_year__gte=1900, name="Alan")) == ["Alan"]
        assert self.names(human.collection(birth_year__gt=0, birth_year__lt=1900)) == ["Ada", "Nero"]
        found = human.collection(birth_year__gt=0).sort(by="-birth_year")
        assert list(found.values_list("name", flat=True)) == ["Edsger", "Alan", "Ada", "Nero"]

    def test_follows_changes(self, human):
        human.get(name="Cato").birth_year.set("1972")
        assert self.names(human.collection(birth_year__gt=1950)) == ["Cato"]
        assert self.names(human.collection(birth_year__lt=0)) == []


class TestConfigured:
    def test_a_prefix_and_a_transform(self, word):
        word = word(EqualIndex, EqualIndex.configure(prefix="reverse", transform=lambda value: value[::-1]))
        word(text="foo")
        word(text="bar")
        assert texts(word.collection(text="foo")) == ["foo"]
        assert texts(word.collection(text__reverse="oof")) == ["foo"]
        assert texts(word.collection(text__reverse__eq="rab")) == ["bar"]
        assert texts(word.collection(text__reverse="bar")) == []

    def test_a_transform_alone(self, word):
        word = word(EqualIndex.configure(transform=lambda value: value.lower()))
        word(text="Foo")
        word(text="FOO")
        assert texts(word.collection(text="foo")) == ["FOO", "Foo"]
        assert texts(word.collection(text="Foo")) == []

    def test_a_transform_may_take_the_index(self, word):
        def initial(index, value):
            assert isinstance(index, EqualIndex)
            return value[0]

        word = word(EqualIndex.configure(prefix="initial", transform=initial, handle_uniqueness=False))
        word(text="foo")
        assert texts(word.collection(text__initial="f")) == ["foo"]

    def test_ranges_of_what_is_transformed(self, word):
        length = NumberRangeIndex.configure(prefix="length", transform=len, name="LengthIndex")
        assert length.__name__ == "LengthIndex"
        word = word(TextRangeIndex, length)
        for text in ("a", "abc", "abcdef"):
            word(text=text)
        assert texts(word.collection(text__length=3)) == ["abc"]
        assert texts(word.collection(text__length__gt=1)) == ["abc", "abcdef"]
        assert texts(word.collection(text__length__lte=3, text__startswith="ab")) == ["abc"]

    def test_two_of_one_kind_under_two_keys(self, word):
        word = word(
            TextRangeIndex,
            TextRangeIndex.configure(prefix="upper", key="upper-range", transform=lambda value: value.upper()),
        )
        word(text="foo")
        word(text="Bar")
        assert texts(word.collection(text__upper__startswith="F")) == ["foo"]
        assert texts(word.collection(text__startswith="F")) == []
        assert texts(word.collection(text__upper__lt="C")) == ["Bar"]

    def test_follows_changes(self, word):
        word = word(EqualIndex, EqualIndex.configure(prefix="first", transform=lambda value: value[0]))
        foo = word(text="foo")
        foo.text.set("bar")
        assert texts(word.collection(text__first="f")) == []
        assert texts(word.collection(text__first="b")) == ["bar"]
        foo.text.append("!")
        assert texts(word.collection(text__first="b")) == ["bar!"]
        foo.delete()
        assert texts(word.collection(text__first="b")) == []

    def test_uniqueness_is_the_affair_of_the_first_that_handles_it(self, word):
        word = word(
            EqualIndex,
            EqualIndex.configure(prefix="first", transform=lambda value: value[0], handle_uniqueness=False),
            unique=True,
        )
        word(text="foo")
        word(text="fox")
        with pytest.raises(UniquenessError):
            word(text="foo")
        assert texts(word.collection(text__first="f")) == ["foo", "fox"]

    def test_a_class_of_its_own(self, word):
        class LastLetter(EqualIndex):
            prefix = "last"
            handle_uniqueness = False

            def transform(self, value):
                return value[-1]

        word = word(LastLetter)
        word(text="foo")
        word(text="bar")
        assert texts(word.collection(text__last="o")) == ["foo"]
        assert texts(word.collection(text__last__eq="r")) == ["bar"]

    def test_many_in_one(self, word):
        both = MultiIndexes.compose(
            [
                EqualIndex.configure(prefix="first", transform=lambda value: value[0], handle_uniqueness=False),
                EqualIndex.configure(prefix="last", transform=lambda value: value[-1], handle_uniqueness=False),
            ],
            name="FirstAndLast",
        )
        assert both.__name__ == "FirstAndLast"
        word = word(EqualIndex, both)
        word(text="foo")
        word(text="fob")
        assert texts(word.collection(text__first="f")) == ["fob", "foo"]
        assert texts(word.collection(text__first="f", text__last="b")) == ["fob"]
        assert texts(word.collection(text="foo")) == ["foo"]

    def test_many_in_one_transform_first(self, word):
        upper = MultiIndexes.compose(
            [EqualIndex, NumberRangeIndex.configure(prefix="size", transform=len)],
            transform=lambda value: value.strip(),
        )
        word = word(upper)
        word(text=" foo ")
        assert texts(word.collection(text="foo")) == [" foo "]
        assert texts(word.collection(text__size=3)) == [" foo "]


class TestDatesAndTimes:
    @pytest.fixture
    def event(self, main_database):
        def declared(index, *values):
            class Event(RedisModel):
                database = main_database
                created = StringField(indexable=True, indexes=[index])

            for value in values:
                Event(created=value)
            return Event

        return declared

    @staticmethod
    def pks(collection):
        return sorted(collection)

    def test_dates(self, event):
        event = event(DateIndex, "2014-12-31", "2015-01-01", "2015-12-16")
        assert self.pks(event.collection(created="2015-12-16")) == ["3"]
        assert self.pks(event.collection(created__gt="2015-01-01")) == ["3"]
        assert self.pks(event.collection(created__gte="2015")) == ["2", "3"]
        assert self.pks(event.collection(created__startswith="2015")) == ["2", "3"]
        assert self.pks(event.collection(created__year=2015)) == ["2", "3"]
        assert self.pks(event.collection(created__year__lt=2015)) == ["1"]
        assert self.pks(event.collection(created__month=12)) == ["1", "3"]
        assert self.pks(event.collection(created__month=12, created__day__gt=16)) == ["1"]
        assert self.pks(event.collection(created__day__in=[1, 31])) == ["1", "2"]

    def test_times(self, event):
        event = event(TimeIndex, "09:30:00", "15:10:05", "15:45:59")
        assert self.pks(event.collection(created="15:10:05")) == ["2"]
        assert self.pks(event.collection(created__gt="15:10:05")) == ["3"]
        assert self.pks(event.collection(created__gte="15:")) == ["2", "3"]
        assert self.pks(event.collection(created__hour=15)) == ["2", "3"]
        assert self.pks(event.collection(created__minute__lte=30)) == ["1", "2"]
        assert self.pks(event.collection(created__second=59)) == ["3"]

    MOMENTS = ("2014-12-31 23:59:59", "2015-01-01 00:00:00", "2015-12-16 15:10:05", "2016-12-16 09:10:05")

    def test_moments(self, event):
        event = event(DateTimeIndex, *self.MOMENTS)
        assert self.pks(event.collection(created="2015-12-16 15:10:05")) == ["3"]
        assert self.pks(event.collection(created__gt="2015-12-16 15:10:05")) == ["4"]
        assert self.pks(event.collection(created__lte="2015-01-01 00:00:00")) == ["1", "2"]
        assert self.pks(event.collection(created__year=2015)) == ["2", "3"]
        assert self.pks(event.collection(created__year__gte=2015)) == ["2", "3", "4"]
        assert self.pks(event.collection(created__month=12, created__day=16)) == ["3", "4"]
        assert self.pks(event.collection(created__date="2015-12-16")) == ["3"]
        assert self.pks(event.collection(created__date__gt="2015")) == ["2", "3", "4"]
        assert self.pks(event.collection(created__date__lt="2015")) == ["1"]
        assert self.pks(event.collection(created__time="15:10:05")) == ["3"]
        assert self.pks(event.collection(created__time__gte="15:")) == ["1", "3"]
        assert self.pks(event.collection(created__time__lt="15:")) == ["2", "4"]
        assert self.pks(event.collection(created__hour=15)) == ["3"]
        assert self.pks(event.collection(created__minute=10, created__second=5)) == ["3", "4"]
        assert self.pks(event.collection(created__date__gt="2015", created__time__gte="15:")) == ["3"]

    def test_moments_without_parts_of_the_time(self, event):
        event = event(DateSimpleTimeIndex, *self.MOMENTS)
        assert self.pks(event.collection(created__year=2015)) == ["2", "3"]
        assert self.pks(event.collection(created__month=12, created__day=31)) == ["1"]
        assert self.pks(event.collection(created__date__gt="2015", created__time__gte="15:")) == ["3"]
        assert self.pks(event.collection(created__lt="2015")) == ["1"]
        with pytest.raises(LimpydError):
            list(event.collection(created__hour=15))

    def test_moments_without_parts(self, event):
        event = event(SimpleDateTimeIndex, *self.MOMENTS)
        assert self.pks(event.collection(created__date="2015-12-16")) == ["3"]
        assert self.pks(event.collection(created__time__lt="15:")) == ["2", "4"]
        assert self.pks(event.collection(created__gte="2015", created__lt="2016")) == ["2", "3"]
        with pytest.raises(LimpydError):
            list(event.collection(created__year=2015))

    def test_sorted(self, event):
        event = event(DateTimeIndex, *reversed(self.MOMENTS))
        assert list(event.collection(created__year=2015).sort(by="created", alpha=True)) == ["3", "2"]


class TestFieldsTogether:
    @pytest.fixture
    def citizen(self, main_database):
        def declared(**options):
            class Citizen(RedisModel):
                database = main_database
                name = StringField(indexable=True, indexes=[EqualIndexWith.configure(**options)])
                city = InstanceHashField(indexable=True)

            return Citizen

        return declared

    def test_filters(self, citizen):
        citizen = citizen(other_fields=["city"])
        for name, city in (("Ada", "London"), ("Ada", "Paris"), ("Bob", "London"), ("Ada", "London")):
            citizen(name=name, city=city)
        assert set(citizen.collection(name="Ada", city="London")) == {"1", "4"}
        assert list(citizen.collection(name="Bob", city="Paris")) == []
        assert set(citizen.collection(name__in=["Ada", "Bob"], city="London")) == {"1", "3", "4"}
        assert set(citizen.collection(city="London")) == {"1", "3", "4"}

    def test_all_or_nothing(self, citizen):
        citizen = citizen(other_fields=["city"])
        citizen(name="Ada", city="London")
        with pytest.raises(LimpydError):
            list(citizen.collection(name="Ada"))

    def test_follows_changes_of_each(self, citizen):
        citizen = citizen(other_fields=["city"])
        ada = citizen(name="Ada")
        assert list(citizen.collection(name="Ada", city="London")) == []
        ada.city.hset("London")
        assert list(citizen.collection(name="Ada", city="London")) == ["1"]
        ada.name.set("Eve")
        assert list(citizen.collection(name="Ada", city="London")) == []
        assert list(citizen.collection(name="Eve", city="London")) == ["1"]
        ada.city.delete()
        assert list(citizen.collection(name="Eve", city="London")) == []

    def test_unique_together(self, citizen):
        citizen = citizen(other_fields=["city"], unique=True)
        citizen(name="Ada", city="London")
        other = citizen(name="Ada", city="Paris")
        with pytest.raises(UniquenessError):
            citizen(name="Ada", city="London")
        with pytest.raises(UniquenessError):
            other.city.hset("London")
        assert other.city.hget() == "Paris"
        assert len(citizen.collection()) == 2


class TestScored:
    @pytest.fixture
    def player(self, main_database):
        class Player(RedisModel):
            database = main_database
            name = StringField()
            team = StringField(indexable=True, indexes=[ScoredEqualIndex.configure(score_field="rating")])
            rating = StringField()

        for name, team, rating in (("Ada", "red", "2100"), ("Bob", "red", "1800"), ("Eve", "blue", "2000")):
            Player(name=name, team=team, rating=rating)
        Player(name="Dan", team="red", rating="1900.5")
        return Player

    def test_the_order_comes_with_the_filter(self, player):
        assert list(player.collection(team="red")) == ["2", "4", "1"]
        assert list(player.collection(team="red").values_list("name", flat=True)) == ["Bob", "Dan", "Ada"]
        assert list(player.collection(team__in=["red", "blue"])) == ["2", "4", "3", "1"]

    def test_sorted(self, player):
        assert list(player.collection(team="red").sort(by="rating")) == ["2", "4", "1"]
        assert list(player.collection(team="red").sort(by="-rating")[:1]) == ["1"]
        assert player.collection(team="red").sort(by="-rating")[-1] == "2"

    def test_follows_the_score(self, player):
        player(2).rating.set("2500")
        assert list(player.collection(team="red").sort(by="rating")) == ["4", "1", "2"]
        player(2).team.set("blue")
        assert list(player.collection(team="red").sort(by="rating")) == ["4", "1"]
        assert list(player.collection(team="blue").sort(by="rating")) == ["3", "2"]


class TestUpkeep:
    @pytest.fixture
    def both(self, word):
        word = word(EqualIndex, TextRangeIndex.configure(prefix="range"))
        for text in ("foo", "bar", "baz"):
            word(text=text)
        return word

    def test_a_field_cleared_and_rebuilt(self, both):
        field = both.get_field("text")
        field.clear_indexes()
        for filters in ({"text": "foo"}, {"text__range__gt": "bar"}):
            with pytest.raises(IndexNotBuilt):
                list(both.collection(**filters))
        field.rebuild_indexes()
        assert list(both.collection(text="foo")) == ["1"]
        assert set(both.collection(text__range__gt="bar")) == {"1", "3"}

    def test_a_model_cleared_and_rebuilt(self, person):
        person.clear_indexes()
        with pytest.raises(IndexNotBuilt):
            list(person.collection(firstname="John"))
        assert len(person.collection()) == 4
        person.rebuild_indexes()
        assert set(person.collection(firstname="John")) == {"1", "2"}
        assert list(person.collection(firstname="John", lastname="Doe")) == ["2"]

    def test_one_index_of_a_field(self, both):
        index = both.get_field("text").get_index(index_class=EqualIndex)
        assert isinstance(index, EqualIndex)
        index.clear()
        with pytest.raises(IndexNotBuilt):
            list(both.collection(text="foo"))
        assert set(both.collection(text__range__gt="bar")) == {"1", "3"}
        index.rebuild()
        assert list(both.collection(text="foo")) == ["1"]

    def test_the_only_index_needs_no_name(self, word):
        word = word(EqualIndex)
        word(text="foo")
        word.get_field("text").get_index().clear()
        word.get_field("text").get_index().rebuild()
        assert list(word.collection(text="foo")) == ["1"]

    def test_an_index_by_its_prefix_or_key(self, word):
        word = word(
            EqualIndex,
            EqualIndex.configure(prefix="first", transform=lambda value: value[0]),
            EqualIndex.configure(prefix="last", key="last", transform=lambda value: value[-1]),
        )
        field = word.get_field("text")
        assert field.get_index(prefix="first").prefix == "first"
        assert field.get_index(key="last").prefix == "last"
        assert field.get_index(index_class=EqualIndex, prefix="last").key == "last"

    def test_what_was_written_past_the_library_is_found_after_a_rebuild(self, person, redis):
        redis.set(person(3).firstname.key, "Emma")
        person.rebuild_indexes()
        assert list(person.collection(firstname="Emma")) == ["3"]
        assert list(person.collection(firstname="Emily")) == []


async def test_a_key_that_lists_no_objects_is_told(any_face):
    class Person(any_face.Model):
        database = any_face.database
        name = StringField()

    one = await any_face.do(Person.create(name="x"))
    any_face.client.set("text", "x")
    for key in ("text", one.name.key):
        for found, what in (
            (Person.collection().from_stored(key), "not a stored collection"),
            (Person.collection().intersect(key), "not a set, list or sorted set of primary keys"),
        ):
            error = await any_face.refused(ServerError, lambda found=found: any_face.all(found))
            assert str(error) == f"Person: the key {key!r} is {what}, but a string"
