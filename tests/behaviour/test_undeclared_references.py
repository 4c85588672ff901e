"""Deletions by a process whose declarations are not all there are: another one has declared more."""

from __future__ import annotations

import pytest

from limpyd import (
    FKInstanceHashField,
    FKStringField,
    HashField,
    InstanceHashField,
    ListField,
    M2MSetField,
    PKField,
    StringField,
)
from limpyd.exceptions import DeclarationError, UndeclaredReference
from tests.support.blocks import block


@pytest.fixture
async def process(face):
    """Gives what declares models as a process of its own does."""
    made = []

    def begin():
        database = face.Database(port=face.server.port)
        made.append(database)
        return lambda name, /, **fields: type(face.Model)(name, (face.Model,), {"database": database, **fields})

    yield begin
    for database in made:
        await face.do(database.close())


REFERENCES = {
    "of its hash": lambda: FKInstanceHashField("Author", on_delete="restrict"),
    "of a key": lambda: FKStringField("Author", on_delete="cascade"),
    "unique": lambda: FKInstanceHashField("Author", unique=True),
    "of many": lambda: M2MSetField("Author"),
}


@pytest.mark.parametrize("reference", REFERENCES)
async def test_what_an_unknown_model_refers_to_stays(face, process, reference):
    may_be = face.server.clustered  # where a script may not look into the slot of the other model
    full, few = process(), process()
    author = full("Author", key=PKField(), name=InstanceHashField(indexable=True))
    article = full("Article", by=REFERENCES[reference]())
    alone = few("Author", key=PKField(), name=InstanceHashField(indexable=True))
    for key in ("ada", "bob", "cy"):
        await face.do(author.create(key=key, name=key))
    written = await face.do(article.create(by=["ada"] if reference == "of many" else "ada"))
    deletions = {
        "one": lambda: alone.lazy_connect("ada").delete(),
        "many": lambda: alone.bulk_delete(["bob", "ada"]),
        "found": lambda: alone.collection(name__in=["ada", "bob"]).delete(),
    }
    for deletion in deletions.values():
        error = await face.refused(UndeclaredReference, deletion, match=r"Article\.by may refer to")
        assert (error.reference, error.target) in {("Article.by", "ada"), ("Article.by", "bob" if may_be else "ada")}
        assert await face.do(author.exists("ada"))
    with pytest.raises(UndeclaredReference):
        async with block(face, alone.database.transaction()):
            alone.lazy_connect("cy").name.hset("changed")
            alone.lazy_connect("ada").delete()
    assert await face.do(author.lazy_connect("cy").name.hget()) == "cy"
    await face.do(written.delete())
    if may_be:
        await face.refused(UndeclaredReference, lambda: alone.lazy_connect("cy").delete())
        return
    await face.do(alone.lazy_connect("cy").delete())  # nobody refers to it
    await face.do(alone.lazy_connect("ada").delete())
    assert not await face.do(author.exists("ada"))


async def test_an_unknown_reference_whose_index_is_not_built(face, process):
    full, few = process(), process()
    author = full("Author", key=PKField(), name=InstanceHashField())
    article = full("Article", by=FKInstanceHashField("Author"))
    await face.do(author.create(key="ada", name="Ada"))
    written = await face.do(article.create(by="ada"))
    await face.do(article.clear_indexes())
    alone = few("Author", key=PKField(), name=InstanceHashField())
    await face.refused(UndeclaredReference, lambda: alone.lazy_connect("ada").delete())
    await face.do(written.delete())
    if not face.server.clustered:
        await face.do(alone.lazy_connect("ada").delete())


async def test_a_process_that_knows_follows(face, process):
    full = process()
    author = full("Author", key=PKField(), name=InstanceHashField())
    article = full("Article", by=FKInstanceHashField("Author", on_delete="cascade"))
    await face.do(author.create(key="ada", name="Ada"))
    await face.do(article.create(by="ada"))
    await face.do(author.lazy_connect("ada").delete())
    assert not await face.do(article.exists(1))


async def test_keys_of_unknown_fields_go(face, process):
    newer, older = process(), process()
    more = {"bio": StringField(), "tags": ListField(), "heads": HashField()}
    author = newer("Author", key=PKField(), name=InstanceHashField(), **more)
    known = older("Author", key=PKField(), name=InstanceHashField())
    for deletion in (
        lambda: known.lazy_connect("ada").delete(),
        lambda: known.bulk_delete(["ada"]),
        lambda: known.collection().delete(),
    ):
        await face.do(author.create(key="ada", name="Ada", bio="long", tags=["a"], heads={"a": "b"}))
        await face.do(deletion())
        assert face.keys() <= {"{author}:seq"}
    await face.do(author.create(key="ada", bio="long"))
    with pytest.raises(ZeroDivisionError):
        async with block(face, known.database.transaction()):
            known.lazy_connect("ada").delete()
            raise ZeroDivisionError
    assert await face.do(author.lazy_connect("ada").bio.get()) == "long"


async def test_a_reference_that_no_code_declares_any_more(face, process):
    old, new = process(), process()
    author = old("Author", key=PKField(), name=InstanceHashField())
    article = old("Article", by=FKInstanceHashField("Author"), title=InstanceHashField())
    await face.do(author.create(key="ada", name="Ada"))
    await face.do(article.create(by="ada", title="a"))
    author, article = (
        new("Author", key=PKField(), name=InstanceHashField()),
        new("Article", title=InstanceHashField()),
    )
    await face.do(article.create(title="b"))
    error = await face.refused(UndeclaredReference, lambda: author.lazy_connect("ada").delete())
    if face.server.clustered:
        return
    (cure,) = error.__notes__
    assert "Article.clear_indexes(), then Author.database.connection.hdel('{article}:meta', 'eq:by')" in cure
    await face.do(article.clear_indexes())
    face.client.hdel("{article}:meta", "eq:by")
    await face.do(author.lazy_connect("ada").delete())


async def test_what_refers_is_moved_by_a_process_that_knows_what_it_refers_to(face, process):
    full, few, fewest = process(), process(), process()
    author = full("Author", key=PKField(), name=InstanceHashField())
    article = full("Article", by=FKInstanceHashField("Author"))
    await face.do(author.create(key="ada", name="Ada"))
    await face.do(article.create(by="ada"))
    renamed = few("Article", written_by=FKInstanceHashField("Author"))
    with face.sent() as sent:
        await face.refused(
            DeclarationError, lambda: renamed.rename_field("by", "written_by"), match="import the module"
        )
    assert sent.names == []
    known = few("Author", key=PKField(), name=InstanceHashField())
    assert (await face.do(renamed.rename_field("by", "written_by"))).objects == 1
    alone = fewest("Author", key=PKField(), name=InstanceHashField())
    await face.refused(
        UndeclaredReference, alone.lazy_connect("ada").delete, match=r"Article\.(written_)?by may refer to"
    )
    await face.do(known.lazy_connect("ada").delete())
    assert await face.do(renamed.lazy_connect("1").written_by.hget()) is None
