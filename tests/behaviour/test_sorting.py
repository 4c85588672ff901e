"""Sorts that no index serves: by the bytes of texts and the digits of numbers, whatever these have in common."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel, TextRangeIndex
from limpyd.exceptions import ServerError

SIZES = (1, 2, 5, 60)


@pytest.fixture
def model(one_server):
    """A base class for models."""

    class Base(RedisModel):
        abstract = True
        database = RedisDatabase(port=one_server.port)

    yield Base
    Base.database.close()


def texts_of(rng):
    """Texts of each kind that a comparison may go wrong with."""
    long = "x" * 3000
    return [
        *(f"https://example.com/{rng.choice(('a', 'b'))}/{rng.randrange(10**5):05d}" for _ in range(40)),
        *("a" * length for length in range(400)),  # each begins the next one
        *(long + "\0" * number for number in range(10)),
        *(long[:number] + "\xff" for number in (0, 5, 6, 7, 999, 2999)),
        *("".join(rng.choices("ab\0\x01é\xff", k=rng.randrange(15))) for _ in range(60)),
        *("equal",) * 7,
    ]


def in_pages(collection, size):
    """All items, page by page, and the sizes of the pages but for the last one."""
    found, cursor = [], None
    while True:
        page = collection.page(size, after=cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found
        assert len(page.items) == size


def check(collection, expected):
    """All of a sorted collection, its pages and its beginnings are as they should be."""
    assert collection.all() == expected
    assert in_pages(collection, 37) == expected
    for size in SIZES:
        assert collection[:size] == expected[:size]
    assert collection[50:70] == expected[50:70]
    assert collection.last() == expected[-1]


class TestTexts:
    @pytest.mark.parametrize("desc", [False, True])
    def test_by_their_bytes(self, model, desc):
        class Thing(model):
            text = InstanceHashField()
            other = InstanceHashField()

        texts = texts_of(random.Random(3))
        Thing.bulk_create({"text": text} for text in texts)
        Thing.bulk_create({"other": "x"} for _ in range(30))
        rows = [(text.encode(), str(at).encode()) for at, text in enumerate([*texts], 1)]
        without = sorted((str(at).encode() for at in range(len(texts) + 1, len(texts) + 31)), reverse=desc)
        expected = [pk.decode() for _, pk in sorted(rows, reverse=desc)] + [pk.decode() for pk in without]
        check(Thing.collection().sort(by="text", desc=desc, alpha=True), expected)

    @pytest.mark.parametrize("desc", [False, True])
    def test_primary_keys(self, model, desc):
        class Thing(model):
            own = PKField()
            other = InstanceHashField()

        texts = {text for text in texts_of(random.Random(4)) if text}
        Thing.bulk_create({"pk": text, "other": "x"} for text in texts)
        expected = sorted(texts, key=str.encode, reverse=desc)
        check(Thing.collection().sort(desc=desc, alpha=True), expected)
        check(Thing.collection().sort(by="other", desc=desc, alpha=True), expected)

    def test_of_several_fields(self, model):
        class Thing(model):
            first = InstanceHashField()
            second = InstanceHashField(type=int)
            third = InstanceHashField()

        rng = random.Random(5)
        rows = [
            {"first": rng.choice(("same beginning, a", "same beginning, b")), "second": rng.randrange(4), "third": "x"}
            for _ in range(200)
        ]
        Thing.bulk_create(rows)
        order = sorted(
            enumerate(rows, 1), key=lambda row: (row[1]["first"], -row[1]["second"], str(row[0])), reverse=False
        )
        expected = [str(number) for number, _ in order]
        check(Thing.collection().sort(by=["first", "-second", "third"], alpha=True), expected)


class TestNumbers:
    @pytest.mark.parametrize("desc", [False, True])
    def test_by_their_digits_where_they_are_the_same_double(self, model, desc):
        class Thing(model):
            price = InstanceHashField(type=Decimal)
            size = InstanceHashField(type=int)

        rng = random.Random(6)
        sizes = [2**60 + rng.randrange(300) for _ in range(80)] + [-(2**60) - rng.randrange(30) for _ in range(20)]
        Thing.bulk_create({"size": size, "price": Decimal(size) / 1000} for size in sizes)
        rows = [(size, str(at).encode()) for at, size in enumerate(sizes, 1)]
        expected = [pk.decode() for _, pk in sorted(rows, reverse=desc)]
        check(Thing.collection().sort(by="size", desc=desc), expected)
        check(Thing.collection().sort(by="price", desc=desc), expected)

    def test_however_they_are_written(self, model):
        class Thing(model):
            text = InstanceHashField()

        texts = [
            "1.50",
            "1.5",
            "+1.5",
            "15e-1",
            "2",
            "nan",
            "inf",
            "-inf",
            "1e400",
            "0x10",
            "016",
            "-0",
            "0",
            "1e2",
            "100",
        ]
        Thing.bulk_create({"text": text} for text in texts)
        found = Thing.collection().sort(by="text").values_list("text", flat=True)
        expected = [
            "-inf",
            "-0",
            "0",
            "1.50",
            "1.5",
            "+1.5",
            "15e-1",
            "2",
            "0x10",
            "016",
            "1e2",
            "100",
            "inf",
            "1e400",
            "nan",
        ]
        check(found, expected)

    def test_what_is_none_is_told_of_wherever_it_stands_in_the_order(self, model):
        class Thing(model):
            number = InstanceHashField(type=int)
            text = InstanceHashField()

        Thing.bulk_create({"number": number, "text": "1" if number else "none"} for number in range(40))
        with pytest.raises(ServerError, match="none"):
            Thing.collection().sort(by=["-number", "text"])[:1]


class TestIndexFirst:
    """The first of several fields has an index, which is walked group by group."""

    @pytest.mark.parametrize("filters", [{}, {"half": "1"}, {"rank__gte": 3}], ids=str)
    @pytest.mark.parametrize("desc", [False, True])
    @pytest.mark.parametrize("name", ["rank", "title", "few"])
    def test_pages(self, model, name, desc, filters):
        class Thing(model):
            rank = InstanceHashField(type=int, indexable=True)
            title = InstanceHashField(type=str, indexes=[TextRangeIndex])
            few = InstanceHashField(type=int, indexable=True)
            half = InstanceHashField(indexable=True)
            plain = InstanceHashField(type=int)

        rng = random.Random(8)
        rows = [
            {
                "rank": rng.randrange(40) if at % 7 else None,
                "title": rng.choice(("a", "a\0", "a\0b", "é", "b", "", "\xff")) if at % 5 else None,
                "few": rng.randrange(3) if at % 40 == 0 else None,
                "half": str(at % 2),
                "plain": rng.randrange(6) if at % 3 else None,
            }
            for at in range(400)
        ]
        Thing.bulk_create({name: value for name, value in row.items() if value is not None} for row in rows)
        if "half" in filters:
            rows = [row if row["half"] == "1" else None for row in rows]
        elif filters:
            rows = [row if row["rank"] is not None and row["rank"] >= 3 else None for row in rows]
        pks = [str(number) for number, row in enumerate(rows, 1) if row is not None]

        def by(number):
            row = rows[int(number) - 1]
            first = row[name].encode() if isinstance(row[name], str) else row[name]
            return row["plain"], first

        # Sorted by each key in turn, from the last on: Python keeps the order of what is equal.
        pks.sort()
        pks = [pk for pk in pks if by(pk)[0] is not None], [pk for pk in pks if by(pk)[0] is None]
        pks = sorted(pks[0], key=lambda pk: by(pk)[0]) + pks[1]
        pks = [pk for pk in pks if by(pk)[1] is not None], [pk for pk in pks if by(pk)[1] is None]
        pks = sorted(pks[0], key=lambda pk: by(pk)[1], reverse=desc) + pks[1]
        check(Thing.collection(**filters).sort(by=["-" * desc + name, "plain"]), pks)


class TestCosts:
    def test_what_texts_have_in_common_costs_little(self, model):
        """A comparison of byte after byte takes a hundred times as long."""

        class Thing(model):
            text = InstanceHashField()
            short = InstanceHashField()

        rng = random.Random(7)
        numbers = rng.sample(range(10**6), 3000)
        Thing.bulk_create({"text": "x" * 900 + f"{number:06d}", "short": f"{number:06d}"} for number in numbers)

        def cost(collection):
            def cpu():
                found = model.database.connection.info("cpu")
                return found["used_cpu_user"] + found["used_cpu_sys"]

            collection.all()
            before = cpu()
            for _ in range(3):
                collection.all()
            return cpu() - before

        by_text, by_short = (Thing.collection().sort(by=name, alpha=True) for name in ("text", "short"))
        assert cost(by_text) < 8 * cost(by_short)
