"""Models of one partition whose names end in numbers, beside models of several partitions."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField
from limpyd.keys.turns import number_of
from tests.support.blocks import block


@pytest.mark.parametrize(
    ("tag", "number"),
    [
        (b"article:7", 7),
        (b"blog:article:255.443", 255),
        (b"article:0.1", 0),
        (b"blog:256", None),
        (b"blog:2024", None),
        (b"blog:07", None),
        (b"blog:7.0", None),
        (b"blog:7.01", None),
        (b"blog:7.", None),
        (b"blog:7a", None),
        (b"7", None),
        (b"", None),
        ("blog:²".encode(), None),
    ],
)
def test_the_number_of_a_tag(tag, number):
    assert number_of(tag) == number


@pytest.mark.parametrize("name", ["2024", "2024.5", "07", "7.01"])
async def test_such_a_model_has_one_partition(any_face, name):
    class Spread(any_face.Model):
        database = any_face.database
        partitions = 4
        title = InstanceHashField()

    class Year(any_face.Model):
        database = any_face.database
        namespace = "blog"
        model_name = name
        title = InstanceHashField()

    class Other(any_face.Model):
        database = any_face.database
        title = InstanceHashField()

    one = await any_face.do(Year.create())  # the general script mints its primary key, with its first value
    await any_face.do(one.title.hset("a"))
    other = await any_face.do(Other.create(title="b"))
    assert (await any_face.do(Year.create(title="c")))._pk_bytes == b"2"
    async with block(any_face, any_face.database.transaction()):
        one.title.hset("x")
        other.title.hset("y")
    assert await any_face.do(one.title.hget()) == "x"
