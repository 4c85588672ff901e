"""A class that is declared again, as in a notebook or by importlib.reload, takes the place of the one before."""

from __future__ import annotations

import gc
import sys
import weakref
from importlib import import_module, reload

import pytest

from limpyd import DynamicFKStringField, DynamicM2MSetField, FKInstanceHashField, InstanceHashField, M2MSetField
from limpyd.exceptions import DeclarationError, RestrictedError
from limpyd.testing import using

SOURCE = """
from limpyd import DynamicFKStringField, DynamicM2MSetField, FKInstanceHashField, InstanceHashField, M2MSetField

from {shared} import Model, database


class Author(Model):
    database = database
    name = InstanceHashField(unique=True)
    {more}


class Book(Model):
    database = database
    author = FKInstanceHashField(Author, on_delete="restrict")
    readers = M2MSetField("Author", related_name="read")
"""


@pytest.fixture
def library(any_face, tmp_path, monkeypatch):
    """A module of models, and what declares it again with one more line in Author."""
    shared = type(sys)("redeclared_shared")
    shared.Model, shared.database = any_face.Model, any_face.database
    monkeypatch.setitem(sys.modules, shared.__name__, shared)
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "redeclared_library.py"
    file.write_text(SOURCE.format(shared=shared.__name__, more="pass"))
    monkeypatch.delitem(sys.modules, "redeclared_library", raising=False)
    module = import_module("redeclared_library")

    def again(more="pass"):
        padding = "#" * (1 + file.read_text().count("#"))  # of another size, by which Python sees that it has changed
        file.write_text(SOURCE.format(shared=shared.__name__, more=more) + padding)
        return reload(module)

    yield module, again
    sys.modules.pop("redeclared_library", None)


def two_classes(face):
    """Declares an author, whom books refer to, and gives what declares it again."""

    def declare(**more):
        kind = {"database": face.database, "name": InstanceHashField(), **more, "__module__": __name__}
        return type(face.Model)("Author", (face.Model,), kind)

    former = declare()

    class Book(face.Model):
        database = face.database
        author = FKInstanceHashField(former, on_delete="cascade")
        by_name = FKInstanceHashField("Author", related_name="by_name")

    return declare, former, Book


async def test_a_module_is_reloaded(any_face, library):
    module, again = library
    old_author, old_book = module.Author, module.Book
    ada = await any_face.do(old_author.create(name="Ada"))
    book = await any_face.do(old_book.create(author=ada))
    again("age = InstanceHashField(type=int, indexable=True)")
    assert module.Author is not old_author
    await any_face.do(module.Author.rebuild_indexes())
    same = module.Author.lazy_connect(1)
    await any_face.do(same.age.hset(36))
    assert await any_face.all(module.Author.collection(age=36)) == ["1"]
    assert await any_face.all(same.book_set()) == ["1"]
    assert await any_face.do(ada.name.hget()) == "Ada"  # old instances go on working
    assert await any_face.do(book.author.hget()) == "1"
    assert ada == same
    assert {ada, same} == {same}
    await any_face.do(module.Book.create(author=ada, readers=[ada]))  # and may be referred to
    assert sorted(await any_face.all(same.book_set())) == ["1", "2"]
    assert await any_face.all(same.read()) == ["2"]
    report = await any_face.do(any_face.database.check())
    assert not report.findings
    for one in (same, ada):
        with pytest.raises(RestrictedError):
            await any_face.do(one.delete())


async def test_many_times(any_face, library):
    module, again = library
    for number in range(20):
        again(f"field{number} = InstanceHashField()")
    assert [field.name for field in module.Author._schema.incoming] == ["author", "readers"]
    ada = await any_face.do(module.Author.create(name="Ada", field19="x"))
    await any_face.do(module.Book.create(author=ada))
    assert await any_face.all(ada.book_set()) == ["1"]


async def test_only_the_one_that_others_refer_to(any_face):
    declare, author, book = two_classes(any_face)
    old = await any_face.do(author.create(name="Ada"))
    await any_face.do(book.create(author=old, by_name=old))
    new = declare(age=InstanceHashField())
    assert book._schema.fields["author"].target is book._schema.fields["by_name"].target is new._schema
    same = new.lazy_connect(1)
    assert await any_face.all(same.book_set()) == await any_face.all(same.by_name()) == ["1"]
    await any_face.do(same.delete())
    assert await any_face.do(book.collection().count()) == 0


async def test_a_declaration_that_is_refused_leaves_the_former_one(any_face):
    declare, author, book = two_classes(any_face)
    with pytest.raises(DeclarationError, match="book_set"):
        declare(book_set=InstanceHashField())
    ada = await any_face.do(author.create(name="Ada"))
    await any_face.do(book.create(author=ada, by_name=ada))
    assert await any_face.all(ada.book_set()) == await any_face.all(ada.by_name()) == ["1"]
    assert book._schema.fields["author"].target is author._schema
    again = declare()
    assert book._schema.fields["author"].target is again._schema


async def test_any_error_of_a_declaration_leaves_the_former_one(any_face):
    class Broken(FKInstanceHashField):
        def accessor(self):
            raise KeyError(self.name)

    declare, author, book = two_classes(any_face)
    with pytest.raises(KeyError):
        declare(friend=Broken("self"))
    ada = await any_face.do(author.create(name="Ada"))
    await any_face.do(book.create(author=ada))
    assert await any_face.all(ada.book_set()) == ["1"]
    assert any_face.database._models.get("author") is author


def test_another_class_of_that_name_is_refused(any_face):
    _, author, _ = two_classes(any_face)
    with pytest.raises(DeclarationError, match=r"have the name 'author'.*declared again replaces the former one"):

        class Author(any_face.Model):
            database = any_face.database

    assert any_face.database._models.get("author") is author


def test_a_base_class_moves_the_one_that_is_declared_now(any_face):
    class Base(any_face.Model):
        database = any_face.database
        abstract = True

    def declare():
        return type(any_face.Model)("Moved", (Base,), {"__module__": __name__})

    old, new = declare(), declare()
    other = type(any_face.database)(port=1)
    Base.use_database(other)
    assert other._models.get("moved") is new
    assert any_face.database._models.get("moved") is None
    assert old.database is other


def test_a_reference_across_a_redeclared_many_to_many(any_face):
    def declare():
        return type(any_face.Model)(
            "Person",
            (any_face.Model,),
            {"database": any_face.database, "friends": M2MSetField("self"), "__module__": __name__},
        )

    first, second = declare(), declare()
    assert [field.model for field in second._schema.incoming] == [second._schema]
    assert [field.model for field in first._schema.incoming] == [first._schema]


async def test_dynamic_references(any_face):
    declare, author, _ = two_classes(any_face)

    def declare_shelf(to):
        by = {"by": DynamicFKStringField("Author", related_name="shelves"), "of": DynamicM2MSetField(to)}
        kind = {"database": any_face.database, **by, "__module__": __name__}
        return type(any_face.Model)("Shelf", (any_face.Model,), kind)

    old = await any_face.do(author.create(name="Ada"))
    shelf = await any_face.do(declare_shelf(author).create())
    await any_face.do(shelf.by("x").set(old))
    new = declare()
    assert type(shelf).by.target is type(shelf).by("x").target is type(shelf).of.target is new._schema
    assert await any_face.all(new.lazy_connect(1).shelves("x")) == ["1"]
    again = declare_shelf(new)
    assert new.shelves.field is again.by
    assert new.shelf_set.field is again.of
    assert [field.name for field in new._schema.incoming] == ["author", "by_name"]


async def test_a_reference_to_the_former_class_is_to_the_one_in_its_place(any_face):
    declare, author, _ = two_classes(any_face)
    new = declare()

    former = author

    class Later(any_face.Model):
        database = any_face.database
        author = FKInstanceHashField(former, on_delete="cascade")

    assert Later._schema.fields["author"].target is new._schema
    one = await any_face.do(new.create(name="Ada"))
    await any_face.do(Later.create(author=one))
    assert await any_face.all(one.later_set()) == ["1"]
    await any_face.do(one.delete())
    assert await any_face.do(Later.collection().count()) == 0


def test_the_references_of_a_former_class_wait_no_more(any_face):
    def declare():
        kind = {"database": any_face.database, "by": FKInstanceHashField("Never"), "__module__": __name__}
        return type(any_face.Model)("Waiting", (any_face.Model,), kind)

    former = weakref.ref(declare())
    new = declare()
    gc.collect()
    assert former() is None
    never = type(any_face.Model)("Never", (any_face.Model,), {"database": any_face.database, "__module__": __name__})
    assert new._schema.fields["by"].target is never._schema


async def test_collections_from_before(any_face):
    declare, _, book = two_classes(any_face)
    author = declare(name=InstanceHashField(indexable=True))
    ada = await any_face.do(author.create(name="Ada"))
    await any_face.do(book.create(author=ada, by_name=ada))
    kept = [book.collection(author__name="Ada"), book.collection(book.by_name["name"] == "Ada"), ada.book_set()]
    declare(name=InstanceHashField(indexable=True), age=InstanceHashField())
    for collection in [*kept, book.collection(author__name="Ada")]:
        assert await any_face.all(collection) == ["1"]


@pytest.mark.parametrize("whole", [True, False])
async def test_within_a_block_of_another_database(any_face, whole):
    declare, author, book = two_classes(any_face)
    database = any_face.database
    other = type(database)(port=any_face.server.port, db=0 if any_face.server.clustered else 1)
    with using(other, *([database] if whole else [author, book])):
        new = declare()
        assert new.database is book.database is other
        await any_face.do(new.create(name="Ada"))
    assert author.database is new.database is book.database is database
    assert database._models.get("author") is new
    assert list(other._models) == []
    assert book._schema.fields["author"].target is new._schema
    await any_face.do(other.close())


SCRIPT = """
class Author(Model):
    database = database
    name = InstanceHashField()
    books: "Reverse[Book]"


class Book(Model):
    database = database
    author = FKInstanceHashField("Author", related_name="books")


class Shelf(Model):
    database = database
    by = DynamicFKStringField(Author)
"""


async def test_a_script_that_is_run_again_and_again_does_not_grow(any_face):
    def run():
        names = {"Model": any_face.Model, "database": any_face.database, "__name__": "__main__"}
        names |= {each.__name__: each for each in (InstanceHashField, FKInstanceHashField, DynamicFKStringField)}
        exec(SCRIPT, names)
        return names

    def size():
        gc.collect()
        return len(gc.get_objects())

    for _ in range(5):
        run()
    before = size()
    for _ in range(100):
        run()
    assert size() - before < 100
    names = run()
    ada = await any_face.do(names["Author"].create(name="Ada"))
    await any_face.do(run()["Book"].create(author=ada))
    assert await any_face.all(run()["Author"].lazy_connect(1).books()) == ["1"]
