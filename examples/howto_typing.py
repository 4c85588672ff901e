"""Static types: the program of docs/howto/typing.md, which explains it. Made by `make examples`."""

from datetime import date
from typing import NamedTuple

from limpyd import RedisDatabase, RedisModel, fields


class Person(RedisModel):
    database = RedisDatabase.embedded()
    name = fields.StringField()
    born = fields.InstanceHashField(type=date, indexable=True)
    scores = fields.SortedSetField()
    tags = fields.SetField()


ada = Person(name="Ada", born=date(1815, 12, 10), tags={"maths"})

pk = ada.pk.get()  # str
name = ada.name.get()  # str | None
born = ada.born.get()  # date | None
tags = ada.tags.smembers()  # set[str]
best = ada.scores.zrange(0, 9, withscores=True)  # list[tuple[str, float]]
people = Person.instances().all()  # list[Person]


def born_in(person: Person) -> int:
    born = person.born.get()
    assert born is not None, f"{person} was never born"
    return born.year


print(born_in(ada))  # → 1815

# --- Typed results ---


class Life(NamedTuple):
    name: str
    born: date


lives = Person.collection().rows(Life).all()  # list[Life]
print(lives[0].born.year)  # → 1815

# --- Constructors ---

from typing import ClassVar

from limpyd import FKInstanceHashField, InstanceHashField, M2MSetField, Reverse, SetField, TypedModel


class Author(TypedModel):
    database = RedisDatabase.embedded()
    name: InstanceHashField[str] = InstanceHashField(type=str, unique=True)
    born: InstanceHashField[date] = InstanceHashField(type=date)
    tags: SetField[str] = SetField(type=str)
    books: ClassVar[Reverse["Book"]]


ada = Author(name="Ada", tags={"maths"})
bob = Author.create(name="Bob", born=date(1900, 1, 1))

# --- Relations ---


class Book(TypedModel):
    database = Author.database
    title: InstanceHashField[str] = InstanceHashField(type=str)
    author: FKInstanceHashField[Author] = FKInstanceHashField(Author, related_name="books")
    sequel: FKInstanceHashField["Book"] = FKInstanceHashField["Book"](related_name="prequels")
    readers: M2MSetField[Author] = M2MSetField["Author"](related_name="read")


book = Book(title="Notes", author=ada, readers=[bob])

author = book.author.instance()  # Author | None
readers = book.readers().instances().all()  # list[Author]
books = ada.books().instances().all()  # list[Book]


class Shop(RedisModel):
    database = Author.database
    offers: Reverse["Offer"]


try:

    class Offer(RedisModel):
        database = Author.database
        shop = FKInstanceHashField(Shop)

except Exception as error:
    print(error)
    # → DeclarationError("Shop.offers is annotated as Reverse[Offer], but no reference of Offer to Shop has related_name='offers'; Offer.shop has related_name='offer_set'")

# --- Functions for any model ---

from typing import TypeVar

from limpyd import Collection

Model = TypeVar("Model", bound=RedisModel)


def newest(collection: Collection[str, Model]) -> Model | None:
    return collection.instances().sort(by="-pk").first()


print(newest(Person.collection()))  # → <Person '1'>

# --- What type checkers do not see ---
