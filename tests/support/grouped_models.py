"""Models that refer to each other in many ways, whose objects move together: filled before, compared after."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from limpyd import InstanceHashField, PKField, SetField
from limpyd.contrib.dynamic import DynamicFKStringField
from limpyd.relations import FKInstanceHashField, FKStringField, M2MSetField

ODD = ["a", "b:c", "{x}", "*", "n\0ul", "é😀", " ", "7"]
"""Primary keys of authors."""
MODELS = ("Author", "Book", "Review", "Order", "Line")


def declare(model: Any, database_: Any, count: int, orders: int | None = None) -> SimpleNamespace:
    """Declares the models, as a process sees them that has sent nothing yet.

    Args:
        model: the base class of the models.
        database_: their database.
        count: the number of partitions of authors, books and reviews.
        orders: that of orders and their lines, if it is another.
    """

    class Author(model):
        database = database_
        namespace = "related"
        partitions = count
        name = PKField()
        mentor = FKInstanceHashField("self", related_name="pupils")
        email = InstanceHashField(unique=True)

    class Book(model):
        database = database_
        namespace = "related"
        partitions = count
        title = InstanceHashField(indexable=True)
        author = FKInstanceHashField(Author, related_name="books", on_delete="cascade")
        readers = M2MSetField(Author, related_name="reads")
        roles = DynamicFKStringField(Author, related_name="roles_in")

    class Review(model):
        database = database_
        namespace = "related"
        partitions = count
        book = FKStringField(Book, related_name="reviews", on_delete="cascade")
        critic = FKInstanceHashField(Author, related_name="reviews", on_delete="restrict")

    class Order(model):
        database = database_
        namespace = "related"
        partitions = orders or count
        status = InstanceHashField(indexable=True)

    class Line(model):
        database = database_
        namespace = "related"
        colocate_with = Order
        order = FKInstanceHashField(Order, related_name="lines", on_delete="cascade")
        book = FKInstanceHashField(Book, related_name="lines")
        tags = SetField(indexable=True)

    return SimpleNamespace(Author=Author, Book=Book, Review=Review, Order=Order, Line=Line)


def others(made: SimpleNamespace) -> list[Any]:
    """The models that move with the authors."""
    return [getattr(made, name) for name in MODELS[1:]]


async def filled(face: Any, made: SimpleNamespace, count: int = 12) -> dict[str, dict[str, tuple[Any, ...]]]:
    """Creates objects; returns what `found` is to find."""
    do = face.do
    for number, name in enumerate(ODD):
        await do(made.Author.create(name=name, email=f"{number}@x", mentor=ODD[number - 1] if number else None))
    for number in range(count):
        author, reader = ODD[number % 3], ODD[-1 - number % 3]
        title = f"t{number % 3}"
        book = await do(made.Book.create(title=title, author=author, readers=[author, reader], roles_x=reader))
        order = await do(made.Order.create(status=f"s{number % 2}"))
        line = await do(made.Line.create(order=order, book=book, tags=["x", f"g{number % 2}"]))
        await do(made.Review.create(book=book, critic=ODD[3 + number % 2]))
        assert line is not None
    return await found(face, made)


async def found(face: Any, made: SimpleNamespace) -> dict[str, dict[str, tuple[Any, ...]]]:
    """Returns the values of all objects, as plain fields have them, by model and primary key."""
    fields = {
        "Author": ("mentor", "email"),
        "Book": ("title", "author"),
        "Review": ("book", "critic"),
        "Order": ("status",),
        "Line": ("order", "book"),
    }
    return {
        name: {
            row[0]: tuple(row[1:])
            for row in await face.do(getattr(made, name).collection().values_list("pk", *names).all())
        }
        for name, names in fields.items()
    }


async def agrees(face: Any, made: SimpleNamespace, expected: dict[str, dict[str, tuple[Any, ...]]]) -> None:
    """Checks that all objects are as they were, that they refer to objects that exist, and find who refers to them."""
    for name in MODELS:
        assert list(await face.do(getattr(made, name).check())) == []
    assert await found(face, made) == expected
    refers = {("Author", 0): "Author", ("Book", 1): "Author", ("Review", 0): "Book", ("Review", 1): "Author"}
    refers |= {("Line", 0): "Order", ("Line", 1): "Book"}
    for (name, position), target in refers.items():
        for row in expected[name].values():
            assert row[position] is None or row[position] in expected[target]
    books = {pk: row for pk, row in expected["Book"].items() if row[1] == ODD[0]}
    author = made.Author.lazy_connect(ODD[0])
    assert set(await face.do(author.books().all())) == books.keys()
    assert set(await face.do(made.Book.collection(author__email="0@x").all())) == books.keys()
    order, line = next((row[0], pk) for pk, row in expected["Line"].items())
    assert line in await face.do(made.Order.lazy_connect(order).lines().all())
