"""The keys of models of several partitions: their hash tags, and the partition of each primary key."""

from __future__ import annotations

import threading
from collections import Counter
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limpyd import RedisDatabase, RedisModel, fields
from limpyd.exceptions import DeclarationError
from limpyd.keys import ModelKeys
from limpyd.keys.layouts import model_keys
from limpyd.keys.partitioned import PartitionedKeys, placed_tag

NAMES = ["article", "blog:article", "Ärzte", "a" * 50, "x", "shop:order", "shop:customer"]


def slot(tag: str) -> int:
    """CRC16 as the specification of clusters has it, bit by bit."""
    crc = 0
    for byte in tag.encode():
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1
        crc &= 0xFFFF
    return crc % 16384


@pytest.mark.parametrize("name", NAMES)
def test_tags_are_spread_evenly(name):
    for number in range(256):
        tag = placed_tag(name, number)
        assert tag == f"{name}:{number}" or tag.startswith(f"{name}:{number}.")
        assert slot(tag) // 64 == int(f"{number:08b}"[::-1], 2)
    for count in (2, 4, 16, 64):
        parts = [slot(placed_tag(name, number)) * count // 16384 for number in range(count)]
        assert sorted(parts) == list(range(count))


def test_tags_stay_for_ever():
    assert [placed_tag("blog:article", number) for number in (0, 1, 7, 255)] == EXPECTED


EXPECTED = ["blog:article:0.473", "blog:article:1.209", "blog:article:7.149", "blog:article:255.443"]


def test_doubling_moves_no_tag():
    few, many = (model_keys("limpyd", "blog", "article", count, mints=True) for count in (16, 32))
    assert [each.prefix for each in few.partitions] == [each.prefix for each in many.partitions[:16]]


def test_names():
    keys = PartitionedKeys("blog", "article", 16, mints=True)
    partition = keys.partitions[7]
    assert (partition.number, partition.count) == (7, 16)
    assert partition.pks == b"{blog:article:7.149}:pks"
    assert keys.tag == "blog:article"
    assert keys.first is keys.partitions[0]
    assert len(set(keys.partitions)) == 16


def test_one_partition_has_the_plain_tag():
    keys = model_keys("limpyd", "blog", "article", 1, mints=True)
    assert type(keys) is ModelKeys
    assert [each.pks for each in keys.partitions] == [b"{blog:article}:pks"]
    assert keys.partition(None) is keys.partition(b"7") is keys.first


@given(st.binary(max_size=30))
def test_text_is_spread_by_its_hash(pk):
    keys = PartitionedKeys("", "article", 16, mints=False)
    assert keys.partition(pk).number == crc32(pk) % 16


@given(st.integers(1, 10**18 - 1))
def test_minted_numbers_are_spread_in_turn(number):
    keys = PartitionedKeys("", "article", 16, mints=True)
    assert keys.partition(b"%d" % number).number == (number - 1) % 16


@pytest.mark.parametrize("pk", [b"", b"0", b"007", b"-1", b"+1", b"1.0", b" 1", b"\xb2", b"1" * 20, b"\xd9\xa1"])
def test_other_primary_keys_of_a_model_that_mints_are_text(pk):
    assert PartitionedKeys("", "article", 16, mints=True).partition(pk).number == crc32(pk) % 16


def test_new_objects_take_turns():
    keys = PartitionedKeys("", "article", 4, mints=True)
    found = Counter()
    for _ in range(40):
        keys.turn()
        assert keys.partition(None) is keys.partition(None)
        found[keys.partition(None).number] += 1
    assert found == {0: 10, 1: 10, 2: 10, 3: 10}


def test_threads_take_turns_by_themselves():
    keys = PartitionedKeys("", "article", 4, mints=True)
    before = keys.partition(None)
    thread = threading.Thread(target=lambda: [keys.turn() for _ in range(3)])
    thread.start()
    thread.join()
    assert keys.partition(None) is before


@pytest.mark.parametrize("partitions", [0, -1, 3, 24, 512, True, "16", 16.0])
def test_refused_numbers(partitions):
    with pytest.raises(DeclarationError, match=r"partitions takes a power of two from 1 to 256, such as 16; not "):
        RedisDatabase(partitions=partitions)
    with pytest.raises(DeclarationError, match=r"^Article: partitions takes a power of two from 1 to 256"):
        type("Article", (RedisModel,), {"database": RedisDatabase(), "partitions": partitions})


def test_the_number_is_inherited():
    class Base(RedisModel):
        database = RedisDatabase(partitions=4)
        abstract = True

    class One(Base): ...

    class Many(Base):
        partitions = 16

    class Below(Many): ...

    class Single(Many):
        partitions = 1

    assert [len(each._schema.keys.partitions) for each in (One, Many, Below, Single)] == [4, 16, 16, 1]


def test_a_field_or_a_method_may_have_the_name():
    class Disk(RedisModel):
        database = RedisDatabase()
        partitions = fields.SetField()

    class Volume(RedisModel):
        database = RedisDatabase()

        def partitions(self):
            return 3

    assert len(Disk._schema.keys.partitions) == len(Volume._schema.keys.partitions) == 1


@pytest.mark.parametrize("name", ["0", "7", "255", "7.149", "10.1"])
def test_names_like_those_of_partitions_are_refused(name):
    with pytest.raises(DeclarationError, match="looks like the number of a partition"):
        ModelKeys("blog:article", name)


@pytest.mark.parametrize(
    ("namespace", "name"),
    [("", "7"), ("blog", "256"), ("blog", "07"), ("blog", "2024"), ("blog", "7.0"), ("blog", "7a")],
)
def test_other_numbers_are_names(namespace, name):
    assert ModelKeys(namespace, name).partitions


def test_the_layout_of_limpyd2_has_no_partitions():
    with pytest.raises(
        DeclarationError, match=r"Article: the layout 'limpyd2' has no partitions; leave out partitions=4"
    ):
        type("Article", (RedisModel,), {"database": RedisDatabase(layout="limpyd2", partitions=4)})
