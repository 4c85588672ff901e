"""What limpyd 2's documentation says of collections and indexes, statement by statement."""

import pytest

from limpyd import fields, model
from limpyd.exceptions import DoesNotExist, ImplementationError, LimpydException, UniquenessError
from limpyd.indexes import EqualIndex, NumberRangeIndex, TextRangeIndex


@pytest.fixture
def person_model(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database

        firstname = fields.InstanceHashField(indexable=True)
        lastname = fields.InstanceHashField(indexable=True)
        nickname = fields.StringField()
        birth_year = fields.InstanceHashField(indexable=True, indexes=[NumberRangeIndex])

    Person(firstname="John", lastname="Smith", nickname="smitty", birth_year=1960)
    Person(firstname="John", lastname="Doe", nickname="jo", birth_year=1965)
    Person(firstname="Emily", lastname="Smith", nickname="em", birth_year=1950)
    Person(firstname="Susan", lastname="Doe", nickname="sue", birth_year=1962)
    return Person


# --- filters ---


def test_pks_are_given_as_text(person_model):
    assert set(person_model.collection(firstname="John")) == {"1", "2"}
    assert set(person_model.collection()) == {"1", "2", "3", "4"}
    assert list(person_model.collection(firstname="Nobody")) == []


def test_filters_are_anded(person_model):
    assert list(person_model.collection(firstname="John", lastname="Doe")) == ["2"]
    assert list(person_model.collection(firstname="John", birth_year=1960)) == ["1"]


def test_pks_are_filters(person_model):
    assert list(person_model.collection(pk=1)) == ["1"]
    assert list(person_model.collection(pk=1, firstname="Emily")) == []
    assert list(person_model.collection(pk=10)) == []


def test_unindexed_fields_are_no_filters(person_model):
    with pytest.raises(ImplementationError):
        list(person_model.collection(nickname="jo"))
    with pytest.raises((ImplementationError, AttributeError, ValueError)):
        list(person_model.collection(nothing="x"))


def test_collections_are_lazy(person_model):
    collection = person_model.collection(firstname="John")
    person_model(3).firstname.hset("John")
    assert set(collection) == {"1", "2", "3"}


def test_suffixes(person_model):
    assert set(person_model.collection(firstname__eq="John")) == {"1", "2"}
    assert set(person_model.collection(firstname__in=["John", "Emily"])) == {"1", "2", "3"}
    assert set(person_model.collection(birth_year__gt=1960)) == {"2", "4"}
    assert set(person_model.collection(birth_year__gte=1960)) == {"1", "2", "4"}
    assert set(person_model.collection(birth_year__lt=1960)) == {"3"}
    assert set(person_model.collection(birth_year__lte=1960)) == {"1", "3"}
    assert set(person_model.collection(birth_year__gt="1949", birth_year__lt="1965")) == {"1", "3", "4"}
    assert set(person_model.collection(birth_year__in=[1950, 1965])) == {"2", "3"}
    with pytest.raises(ImplementationError):
        list(person_model.collection(firstname__gt="John"))


def test_several_filters_of_one_field(person_model):
    assert set(person_model.collection(firstname="John", firstname__in=["John", "Emily"])) == {"1", "2"}


def test_hash_filters(database):
    main_database = database

    class Email(model.RedisModel):
        database = main_database
        headers = fields.HashField(indexable=True)

    Email(headers={"from": "you@moon.io", "to": "me@earth.io"})
    Email(headers={"from": "me@earth.io"})
    assert list(Email.collection(headers__from="you@moon.io")) == ["1"]
    assert list(Email.collection(headers__from="me@earth.io", headers__to="me@earth.io")) == []
    assert set(Email.collection(headers__from__in=["you@moon.io", "me@earth.io"])) == {"1", "2"}


def test_members_are_filters(database):
    main_database = database

    class Post(model.RedisModel):
        database = main_database
        tags = fields.SetField(indexable=True)
        words = fields.ListField(indexable=True)
        marks = fields.SortedSetField(indexable=True)

    Post(tags=["a", "b"], words=["x", "y"], marks={"m": 1, "n": 2})
    Post(tags=["b"], words=["y"])
    assert set(Post.collection(tags="b")) == {"1", "2"}
    assert list(Post.collection(tags="b", words="x", marks="n")) == ["1"]
    Post(1).words.lpop()
    assert list(Post.collection(words="x")) == []


# --- results ---


def test_sort(person_model):
    people = person_model.collection()
    assert list(people.sort(by="birth_year")) == ["3", "1", "4", "2"]
    assert list(people.sort(by="-birth_year")) == ["2", "4", "1", "3"]
    assert list(people.sort(by="birth_year", desc=True)) == ["2", "4", "1", "3"]
    assert list(people.sort(by="nickname", alpha=True)) == ["3", "2", "1", "4"]
    assert list(people.sort(by="-nickname", alpha=True)) == ["4", "1", "2", "3"]
    assert list(people.sort()) == ["1", "2", "3", "4"]
    assert list(people.sort(desc=True)) == ["4", "3", "2", "1"]
    assert list(people.sort(by="pk")) == ["1", "2", "3", "4"]


def test_slices_and_items(person_model):
    people = person_model.collection().sort(by="birth_year")
    assert people[0] == "3"
    assert people[-1] == "2"
    assert list(people[1:3]) == ["1", "4"]
    assert list(people[:2]) == ["3", "1"]
    assert list(people[2:]) == ["4", "2"]
    assert list(people[-2:]) == ["4", "2"]
    assert list(people[10:]) == []
    with pytest.raises(IndexError):
        people[10]


def test_instances(person_model):
    johns = person_model.collection(firstname="John").instances()
    assert {john.nickname.get() for john in johns} == {"smitty", "jo"}
    assert person_model.collection(firstname="Emily").instances()[0].nickname.get() == "em"
    first, second = person_model.collection().sort().instances()[:2]
    assert (first.pk.get(), second.pk.get()) == ("1", "2")
    assert [one.pk.get() for one in person_model.instances(firstname="Susan", lazy=True)] == ["4"]


def test_instances_skip_what_is_gone(person_model):
    people = person_model.collection(firstname="John").instances()
    person_model(1).delete()
    assert [john.pk.get() for john in people] == ["2"]


def test_primary_keys(person_model):
    johns = person_model.collection(firstname="John").instances()
    assert set(johns.primary_keys()) == {"1", "2"}


def test_len(person_model):
    assert len(person_model.collection(firstname="John")) == 2
    assert len(person_model.collection()) == 4
    assert len(person_model.collection().instances()) == 4
    assert not person_model.collection(firstname="Nobody")
    assert person_model.collection(firstname="John")


def test_get_and_exists_take_filters(person_model):
    assert person_model.get(firstname="Emily", birth_year__lt=1955).pk.get() == "3"
    assert person_model.exists(firstname__in=["Emily", "Nobody"])
    with pytest.raises(DoesNotExist):
        person_model.get(birth_year__gt=2000)


# --- indexes ---


@pytest.fixture
def word_model(database):
    main_database = database

    class Word(model.RedisModel):
        database = main_database
        text = fields.StringField(indexable=True, indexes=[TextRangeIndex])

    for text in ("foo", "bar", "foobar", "qux", "fo"):
        Word(text=text)
    return Word


def test_text_ranges(word_model):
    def found(**filters):
        return {word.text.get() for word in word_model.collection(**filters).instances()}

    assert found(text="foo") == found(text__eq="foo") == {"foo"}
    assert found(text__in=["foo", "bar"]) == {"foo", "bar"}
    assert found(text__gt="foo") == {"foobar", "qux"}
    assert found(text__gte="foo") == {"foo", "foobar", "qux"}
    assert found(text__lt="foo") == {"bar", "fo"}
    assert found(text__lte="fo") == {"bar", "fo"}
    assert found(text__startswith="foo") == {"foo", "foobar"}


def test_configured_indexes(database):
    main_database = database
    upper = EqualIndex.configure(prefix="upper", transform=lambda value: value.upper(), handle_uniqueness=False)
    parts = TextRangeIndex.configure(key="second", prefix="second", transform=lambda value: value[1:2], name="Second")

    class Word(model.RedisModel):
        database = main_database
        text = fields.InstanceHashField(indexable=True, indexes=[EqualIndex, upper, parts])

    Word(text="foo")
    Word(text="Bar")
    assert list(Word.collection(text="foo")) == ["1"]
    assert list(Word.collection(text="FOO")) == []
    assert list(Word.collection(text__upper="bAR")) == ["2"] or list(Word.collection(text__upper="BAR")) == ["2"]
    assert list(Word.collection(text__second__gte="o")) == ["1"]
    assert parts.__name__ == "Second"


def test_a_transform_may_need_the_index(database):
    """One of two arguments gets the index first, which has its field."""
    main_database = database

    def reverse(index, value):
        return f"{index.model.__name__}.{index.field.name}.{index.prefix}:{value[::-1]}"

    class Initials(EqualIndex):
        prefix = "initials"
        handle_uniqueness = False

        def transform(self, value):
            return self.field.name + "".join(word[0] for word in value.split())

    class Reader(model.RedisModel):
        database = main_database
        name = fields.InstanceHashField(
            indexable=True, indexes=[EqualIndex, EqualIndex.configure(prefix="reversed", transform=reverse), Initials]
        )

    Reader(name="Ada Lovelace")
    Reader(name="Alan Turing").name.hset("Charles Babbage")
    assert list(Reader.collection(name__reversed="Reader.name.reversed:ecalevoL adA")) == ["1"]
    assert list(Reader.collection(name__initials="nameCB")) == ["2"]
    assert list(Reader.collection(name__initials="nameAT")) == []
    index = Reader.get_field("name").get_index(prefix="initials")
    assert (index.field.name, index.model, index.connection) == ("name", Reader, main_database.connection)


def test_clearing_and_rebuilding(database):
    """Of a field, and of one of its indexes; in chunks, or by looking for the keys."""
    main_database = database

    class Book(model.RedisModel):
        database = main_database
        title = fields.InstanceHashField(
            indexable=True, indexes=[EqualIndex, NumberRangeIndex.configure(prefix="length", transform=len)]
        )

    for number in range(12):
        Book(title="x" * number)
    field = Book.get_field("title")

    def found():
        """Which of the indexes answer."""
        answers = []
        for filters in ({"title": "xxx"}, {"title__length": 3}):
            try:
                answers.append(list(Book.collection(**filters)) == ["4"])
            except LimpydException:  # it is not built
                answers.append(False)
        return answers

    assert found() == [True, True]
    field.clear_indexes()
    assert found() == [False, False]
    field.rebuild_indexes()
    assert found() == [True, True]
    for clear in ({"chunk_size": 5}, {"aggressive": True}, {"chunk_size": 5, "aggressive": True}):
        field.clear_indexes(**clear)
        assert found() == [False, False]
        field.rebuild_indexes(chunk_size=5)
        assert found() == [True, True]
    index = field.get_index(prefix="length")
    index.clear(chunk_size=5, aggressive=True)
    assert found() == [True, False]
    index.rebuild(chunk_size=5, aggressive_clear=True)
    assert found() == [True, True]
    field.rebuild_indexes(aggressive_clear=True)
    assert found() == [True, True]


def test_one_field_with_two_indexes(database):
    main_database = database

    class Number(model.RedisModel):
        database = main_database
        value = fields.StringField(
            indexable=True, indexes=[NumberRangeIndex, TextRangeIndex.configure(prefix="text", handle_uniqueness=False)]
        )

    for value in (1, 10, 9, 100):
        Number(value=value)
    assert set(Number.collection(value__gte=10)) == {"2", "4"}
    assert set(Number.collection(value__text__startswith="1")) == {"1", "2", "4"}
    assert set(Number.collection(value__gte=10, value__text__lt="9")) == {"2", "4"}


def test_range_indexes_keep_values_unique(database):
    main_database = database

    class Number(model.RedisModel):
        database = main_database
        value = fields.StringField(unique=True, indexes=[NumberRangeIndex])
        text = fields.StringField(unique=True, indexes=[TextRangeIndex])

    Number(value=1, text="a")
    with pytest.raises(UniquenessError):
        Number(value=1, text="b")
    with pytest.raises(UniquenessError):
        Number(value=2, text="a")


def test_default_indexes(database):
    """Of a model, and of a class of fields."""
    main_database = database

    class NumberField(fields.InstanceHashField):
        default_indexes = [NumberRangeIndex]  # noqa: RUF012 - as the documentation writes it

    class Base(model.RedisModel):
        database = main_database
        default_indexes = [TextRangeIndex]  # noqa: RUF012 - as the documentation writes it
        name = fields.InstanceHashField(indexable=True)
        size = NumberField(indexable=True)
        plain = fields.InstanceHashField(indexable=True, indexes=[EqualIndex])

    Base(name="abc", size=9, plain="x")
    Base(name="abd", size=10, plain="x")
    assert set(Base.collection(name__startswith="ab")) == {"1", "2"}
    assert set(Base.collection(size__gt=9)) == {"2"}
    with pytest.raises(ImplementationError):
        list(Base.collection(plain__gt="x"))
