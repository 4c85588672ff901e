"""Scripts have the code for promises of other partitions only where a model needs them."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, PKField, SetField
from limpyd.relations import FKInstanceHashField
from limpyd.scripts.writes import WRITE
from tests.support.blocks import block

CODE = (b"void_promise.lua", b"with_claims.lua", b"away.lua", b"beside.lua")


@pytest.fixture
def models(any_face):
    """A model of one partition, and one with values that are unique over four; both have indexes of all objects."""

    def declare(name, partitions):
        fields = {"email": InstanceHashField(unique=True), "tags": SetField(indexable=True)}
        return type(name, (any_face.Model,), {"database": any_face.database, "partitions": partitions, **fields})

    return declare("Plain", 1), declare("Spread", 4)


def test_the_code_is_left_out_where_no_promise_is_needed(models):
    plain, spread = (WRITE.linked_for(model._schema) for model in models)
    assert WRITE.linked_for(*(model._schema for model in models)) is spread is plain.with_promises
    for name in CODE:
        assert name in spread.source
        assert name not in plain.source
    assert len(plain.source) < len(spread.source) - 8000
    assert plain is WRITE.linked_for(models[0]._schema)


async def test_a_write_after_one_that_rests_on_a_promise_rests_on_it_too(any_face):
    """A tag that has been deleted may have left a tomb, for which its creation looks; a note knows nothing of tombs."""

    class Tag(any_face.Model):
        database = any_face.database
        partitions = 4
        name = PKField()

    class Article(any_face.Model):
        database = any_face.database
        partitions = 4
        tag = FKInstanceHashField(Tag, on_delete="cascade")

    class Note(any_face.Model):
        database = any_face.database
        text = SetField(indexable=True)

    def creation(model, **values):
        return model.create(**values) if any_face.is_async else model(**values)

    note = await any_face.do(creation(Note, text=["x"]))
    async with block(any_face, any_face.database.pipeline()):
        tag = creation(Tag, name="a")
        added = note.text.sadd("y", "z")
        text = note.text.smembers()
    assert (added.value, text.value) == (2, {"x", "y", "z"})
    assert await any_face.do(Tag.exists("a")), tag
    assert not Note._schema.needs_promises
    assert Tag._schema.needs_promises
