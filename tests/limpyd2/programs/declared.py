"""The models of the two-way tests, in words that limpyd 2 and limpyd have in common: one file for both libraries."""

from limpyd import fields, model
from limpyd.contrib import indexes as more
from limpyd.contrib import related
from limpyd.contrib.collection import ExtendedCollectionManager
from limpyd.indexes import EqualIndex, NumberRangeIndex, TextRangeIndex


class Blind(EqualIndex):
    """Without regard to case, in filters too."""

    def normalize_value(self, value, transform=True):
        return super().normalize_value(value, transform=transform).lower()


class Initial(TextRangeIndex):
    """The first letter, and the name of the field."""

    prefix = key = "initial"

    def transform_value(self, value):
        return super().transform_value(value)[:1] + self.field.name


class Checked(NumberRangeIndex):
    raise_if_not_float = True


def result(value):
    """Something of any type."""
    return {"": None, "a": True, "A": 5.0, "abc": ["x", "y"], "b c": (), "é": -7, "*": b"bytes"}.get(value, value)


def declare(database):
    """The models on a database, by name."""

    def indexed(kind, *indexes, **settings):
        return kind(indexable=True, indexes=list(indexes), **settings)

    string, entry = fields.StringField, fields.InstanceHashField

    db = database

    class Person(model.RedisModel):
        database = db
        namespace = "two:way"
        collection_manager = ExtendedCollectionManager

        plain = string()
        note = entry()
        name = entry(indexable=True)
        city = string(indexable=True)
        email = string(unique=True)
        login = entry(unique=True)
        age = indexed(entry, NumberRangeIndex)
        weight = indexed(string, NumberRangeIndex)
        height = indexed(string, Checked)
        badge = entry(unique=True, indexes=[NumberRangeIndex])
        title = indexed(string, TextRangeIndex)
        slug = string(unique=True, indexes=[TextRangeIndex])
        bio = indexed(
            string,
            TextRangeIndex.configure(prefix="lower", transform=lambda value: value.lower(), handle_uniqueness=False),
            EqualIndex,
            EqualIndex.configure(prefix="first", key="letter", transform=lambda value: value[:1]),
        )
        odd = indexed(
            string,
            Blind,
            Initial,
            EqualIndex.configure(prefix="any", key="any", transform=result),
            NumberRangeIndex.configure(prefix="sum", key="sum", transform=result),
            TextRangeIndex.configure(prefix="text", key="text", transform=result),
        )
        born = indexed(string, more.DateIndex)
        wakes = indexed(entry, more.TimeIndex)
        seen = indexed(entry, more.DateTimeIndex)
        met = indexed(string, more.SimpleDateTimeIndex)
        tags = fields.SetField(indexable=True)
        words = indexed(fields.SetField, TextRangeIndex)
        keys = fields.SetField(unique=True)
        queue = fields.ListField(indexable=True)
        scores = fields.SortedSetField(indexable=True)
        headers = fields.HashField(indexable=True)
        sizes = indexed(fields.HashField, NumberRangeIndex, TextRangeIndex)
        rank = string()
        team = indexed(string, more.ScoredEqualIndex.configure(score_field="rank"))
        street = string()
        number = entry()
        place = indexed(string, more.EqualIndexWith.configure(other_fields=["street", "number"]))
        first = string()
        last = indexed(string, more.EqualIndexWith.configure(other_fields=["first"], unique=True))

    class Owner(related.RelatedModel):
        database = db
        name = entry(indexable=True)

    class Book(related.RelatedModel):
        database = db
        namespace = "two"
        isbn = fields.PKField()
        name = entry()
        owner = related.FKInstanceHashField(Owner, related_name="books")
        lender = related.FKStringField(Owner, related_name="lent")
        readers = related.M2MSetField(Owner, related_name="read")
        wishes = related.M2MListField(Owner, related_name="wished")
        ratings = related.M2MSortedSetField(Owner, related_name="rated")

    class Copy(related.RelatedModel):
        database = db
        namespace = "two"
        bought = entry()
        by_date = related.FKStringField(Owner, indexes=[more.ScoredEqualIndex.configure(score_field="bought")])
        by_text = related.FKInstanceHashField(Owner, related_name="texts", indexes=[TextRangeIndex])
        by_number = related.FKStringField(Owner, related_name="numbers", indexes=[NumberRangeIndex])
        by_key = related.FKStringField(Owner, related_name="keys", indexes=[EqualIndex.configure(key="own")])
        readers = related.M2MSetField(Owner, related_name="copies", indexes=[TextRangeIndex])

    class Desk(related.RelatedModel):
        database = db
        namespace = "two"
        rank = string()
        team = string(unique=True, indexes=[more.ScoredEqualIndex.configure(score_field="rank")])
        seat = entry(unique=True, indexes=[more.ScoredEqualIndex.configure(score_field="rank", prefix="at", key="own")])

    class Base(related.RelatedModel):
        abstract = True
        database = db
        namespace = "a:Base"
        default_indexes = [TextRangeIndex]  # noqa: RUF012 - as users of limpyd 2 write it
        title = string(indexable=True)
        owner = related.FKStringField(":Owner", related_name="%(namespace)s_%(model)s_set")

    class Film(Base):
        year = indexed(string, EqualIndex)

    class Song(Base):
        default_indexes = [EqualIndex]  # noqa: RUF012 - as users of limpyd 2 write it
        singer = entry(indexable=True)

    return {"Person": Person, "Owner": Owner, "Book": Book, "Copy": Copy, "Desk": Desk, "Film": Film, "Song": Song}
