"""The export of a model's objects, and their import."""

from __future__ import annotations

import base64
import enum
import json
import tracemalloc
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest

from limpyd import (
    BulkError,
    DeadlineField,
    FKInstanceHashField,
    FKStringField,
    GeoField,
    GeoPoint,
    HashField,
    HyperLogLogField,
    InstanceHashField,
    JSONField,
    ListField,
    M2MSetField,
    PKField,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
    UniquenessError,
    VersionField,
)
from limpyd.commands.table import TABLE
from limpyd.contrib.dynamic import (
    DynamicHashField,
    DynamicInstanceHashField,
    DynamicListField,
    DynamicSetField,
    DynamicSortedSetField,
    DynamicStringField,
)
from limpyd.exceptions import (
    ImportRefused,
    InvalidPrimaryKey,
    InvalidValue,
    NotInPipeline,
    StoredValueError,
    UnknownField,
)
from limpyd.testing import assert_requests
from tests.support.expected_indexes import inconsistencies, state
from tests.support.server_versions import knows
from tests.support.servers import FEW

ODD = ["", " a b ", ":", "*", "{x}", "\0", "🐍é", "a\r\nb", "\u2028", '"', "\\", "1,2", b"\xff\xfe", "\udcff"]
ODD.append("x" * 100_000)


@pytest.fixture(params=FEW)
def server(request, servers):
    """Few servers: what is stored is what `bulk_create` stores, which is shown on all elsewhere."""
    server = servers(request.param)
    with server.client() as client:
        client.flushall()
    return server


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


@pytest.fixture
def every(face):
    """Fields of all types."""

    class Every(face.Model):
        database = face.database
        text = StringField(indexable=True)
        other = InstanceHashField(unique=True)
        plain = InstanceHashField(str, default="default")
        raw = StringField(bytes)
        count = InstanceHashField(int, indexable=True)
        ratio = InstanceHashField(float)
        sure = InstanceHashField(bool)
        price = InstanceHashField(Decimal, indexable=True)
        token = InstanceHashField(UUID)
        at = InstanceHashField(datetime, indexable=True)
        day = InstanceHashField(date)
        hour = InstanceHashField(time)
        span = InstanceHashField(timedelta)
        colour = InstanceHashField(Colour)
        where = InstanceHashField(GeoPoint)
        data = JSONField()
        tags = SetField(indexable=True)
        bits = SetField(bytes)
        queue = ListField(int)
        board = SortedSetField(float)
        heads = HashField(int, indexable=True)
        places = GeoField(indexable=True)

    return Every


FULL = {
    "text": "a",
    "other": b"\xff",
    "plain": "p",
    "raw": b"\x00\xff",
    "count": 10**40,
    "ratio": float("-inf"),
    "sure": False,
    "price": Decimal("1.50"),
    "token": UUID(int=5),
    "at": datetime(2026, 1, 2, 3, 4, 5, 6, UTC),
    "day": date(1, 1, 1),
    "hour": time(1, 2, 3, 4),
    "span": timedelta(days=-1, microseconds=1),
    "colour": Colour.BLUE,
    "where": GeoPoint(1.5, -2.25),
    "data": {"a": [1, 1.5, None, "\0é"], "base64": "eA=="},
    "tags": ["a", b"\xff", ""],
    "bits": [b"\xfe", b"x"],
    "queue": [3, 1, 3],
    "board": {float("inf"): 1.5, 2.5: float("-inf"), 0.1: 0.1},
    "heads": {"k": 1, b"\xff": 2},
    "places": {"rome": (12.5, 41.9), "oslo": (10.7, 59.9)},
}


async def moved(face, model, change=lambda lines: lines, **options):
    """What an import makes of an export, once the database is empty."""
    lines = await face.all(model.export())
    face.client.flushall()
    model._schema.maintenance.forget()
    return await face.do(model.import_(change(lines), **options))


def object_lines(*objects, model="Every", **fields):
    head = {"limpyd export": 1, "model": model, "fields": fields}
    return [json.dumps(each) + "\n" for each in (head, *objects)]


class TestValues:
    async def test_all_types_come_back_as_they_were(self, face, every):
        await face.do(every.create(**FULL))
        await face.do(every.create(text="only", plain=None))
        await face.do(every.create(ratio=0.1, sure=True, data=[], board={1.0: 3}, tags=[]))
        gone = await face.do(every.create(text="x"))
        await face.do(gone.delete())
        before = state(face.client)
        assert await moved(face, every) == (3, 0, 0, None)
        face.client.set("{every}:seq", 4)  # an import knows no more than what is left
        assert state(face.client) == before
        assert inconsistencies(face.client, every) == []

    async def test_odd_texts(self, face, every):
        for number, text in enumerate(ODD):
            await face.do(every.create(text=text, other=text, tags=[text], heads={text: number}, data=f"{number}"))
        before = state(face.client)
        assert (await moved(face, every)).created == len(ODD)
        assert state(face.client) == before

    async def test_odd_primary_keys(self, face):
        class Keyed(face.Model):
            database = face.database
            key = PKField()
            text = StringField()

        for pk in ODD:
            await face.do(Keyed.create(key=pk))
        before = state(face.client)
        await moved(face, Keyed)
        assert state(face.client) == before

    async def test_the_lines(self, face, every):
        await face.do(every.create(text="é", other="\udcff", count=3, tags=["b", "a"], heads={"k": 1}, board={1.0: 2}))
        head, line = await face.all(every.export())
        assert json.loads(head)["fields"]["tags"] == "set of str"
        assert line == (
            '{"pk": "1", "text": "é", "other": {"base64": "/w=="}, "plain": "default", "count": 3, '
            '"tags": ["a", "b"], "board": [[1.0, 2.0]], "heads": {"k": 1}}\n'
        )

    async def test_defaults_and_setters_are_not_asked(self, face):
        class Twice(StringField):
            def set(self, value):
                return super(Twice, self).set(2 * value)

        class Thing(face.Model):
            database = face.database
            name = InstanceHashField(default="default")
            text = Twice(default="text")
            version = VersionField()

        thing = await face.do(Thing.create(name=None))
        await face.do(thing.update(text="b"))
        for options in ({}, {"on_conflict": "update"}):
            await moved(face, Thing, **options)
            thing = await face.do(Thing.get(1))
            assert await face.do(thing.values()) == {"pk": "1", "name": None, "text": "bb", "version": 1}

    async def test_a_value_that_does_not_fit_is_named(self, face, every):
        await face.do(every.create(count=1))
        face.client.hset("{every}:hash:1", "count", "abc")
        with pytest.raises(StoredValueError, match=r"Every.count of Every\('1'\)"):
            await face.all(every.export())

    async def test_expiries_that_follow_from_a_deadline_are_not_of_the_values(self, face):
        class Thing(face.Model):
            database = face.database
            until = DeadlineField()
            name = InstanceHashField()
            text = StringField()
            facts = HashField()

        one = await face.do(Thing.create(name="x", text="a", facts={"b": 1}, until=timedelta(hours=1)))
        whole, without = await face.all(Thing.export()), await face.all(Thing.export(exclude=["until"]))
        assert "expires at" not in "".join((*whole, *without))
        await face.do(one.delete())
        await face.do(Thing.import_(without, new_pks=True))
        (kept,) = await face.all(Thing.collection().instances())
        assert [await face.do(field.ttl()) for field in (kept.until, kept.text, kept.facts)] == [-1, -1, -1]
        await face.do(Thing.import_(whole, new_pks=True))
        (other,) = await face.all(Thing.collection(until__isnull=False).instances())
        times = [await face.do(field.ttl()) for field in (other.until, other.text, other.facts)]
        assert min(times) > 3590
        assert max(times) <= 3601
        await face.do(other.text.expire(60))
        assert '"expires at": {"text": ' in "".join(await face.all(Thing.export()))
        assert (await face.do(Thing.check())).ok

    async def test_what_is_left_out_of_an_export(self, face):
        class Thing(face.Model):
            database = face.database
            name = StringField()
            log = StreamField()

        with pytest.raises(UnknownField, match="nam"):
            Thing.export(exclude=["nam"])
        with pytest.raises(InvalidValue, match="exclude takes names"):
            Thing.export(exclude="log")
        with pytest.raises(InvalidValue, match="log has many members"):
            Thing.export(format="csv")
        await face.do(Thing.create(name="a"))
        lines = await face.all(Thing.export(exclude=["log"]))
        assert json.loads(lines[1]) == {"pk": "1", "name": "a"}


class TestStreams:
    FIELDS: ClassVar = {"name": "str", "log": "stream of int"}

    @pytest.fixture
    def journal(self, face):
        class Journal(face.Model):
            database = face.database
            name = StringField(unique=True)
            log = StreamField(int)

        return Journal

    def _state(self, face):
        """The database without the bytes of streams, in which the server keeps deleted entries."""
        return {
            key: (kind, None if kind == b"stream" else value, expiry)
            for key, (kind, value, expiry) in state(face.client).items()
        }

    async def test_there_and_back(self, face, journal):
        one = await face.do(journal.create(name="a"))
        await face.do(one.log.xadd({"k": 1, b"\xff": 2}, id="5-1"))
        await face.do(one.log.xadd({"k": 3}, id="5-2"))
        await face.do(one.log.xadd({"k": 4}, id="6-0"))
        await face.do(one.log.xdel("6-0"))
        await face.do(one.log.pexpireat(9_000_000_000_000))
        emptied = await face.do(journal.create(name="emptied"))
        await face.do(emptied.log.xadd({"k": 1}, id="7-0"))
        await face.do(emptied.log.xdel("7-0"))
        await face.do(journal.create(name="without"))
        before, lines = self._state(face), await face.all(journal.export())
        assert [json.loads(line)["log"] for line in lines if '"5-1"' in line] == [
            {
                "last_id": "6-0",
                "added": 3,
                "max_deleted_id": "6-0",
                "entries": [["5-1", [["k", 1], [{"base64": "/w=="}, 2]]], ["5-2", {"k": 3}]],
            }
        ]
        assert (await moved(face, journal)).created == 3
        assert self._state(face) == before
        assert sorted(await face.all(journal.export())) == sorted(lines)
        await face.do(one.log.xadd({"k": 9}))
        assert (await face.do(journal.import_(lines, on_conflict="update"))).updated == 3
        assert self._state(face) == before
        assert sorted(await face.all(journal.export())) == sorted(lines)

    async def test_a_value_that_does_not_fit_is_named(self, face, journal):
        await face.do(journal.create(name="a"))
        face.client.xadd("{journal}:field:log:1", {"k": "abc"})
        with pytest.raises(StoredValueError, match=r"Journal.log of Journal\('1'\)"):
            await face.all(journal.export())

    async def test_a_refused_object_leaves_no_stream(self, face, journal):
        entries = {"last_id": "5-0", "entries": [["5-0", {"k": 1}]]}
        first, second = ({"pk": pk, "name": "same", "log": entries} for pk in ("1", "2"))
        lines = object_lines(first, second, model="Journal", **self.FIELDS)
        assert await face.do(journal.import_(lines, on_conflict="skip")) == (1, 1, 0, None)
        assert len([key for key in face.client.keys("*") if face.client.type(key) == b"stream"]) == 1

    @pytest.mark.parametrize(
        ("log", "reason"),
        [
            (5, "not an object"),
            ({"last_id": "5-0", "entries": [["5-0", {}]]}, "no name"),
            ({"last_id": "5-0", "entries": [["5-0", {"k": "x"}]]}, "takes stream of int"),
            ({"last_id": "5-0", "entries": [["5-x", {"k": 1}]]}, "stream id"),
            ({"last_id": "5-0", "entries": [["5-0", {"k": 1}], ["5-0", {"k": 1}]]}, "not larger"),
            ({"last_id": "4-0", "entries": [["5-0", {"k": 1}]]}, "smaller"),
            ({"last_id": "5-0", "added": 0, "entries": [["5-0", {"k": 1}]]}, "at least its 1"),
        ],
    )
    async def test_wrong_streams(self, face, journal, log, reason):
        lines = object_lines({"pk": "1", "log": log}, model="Journal", **self.FIELDS)
        await face.refused(ImportRefused, lambda: journal.import_(lines, dry_run=True), match=reason)


class TestHyperLogLogs:
    @pytest.fixture
    def page(self, face):
        class Page(face.Model):
            database = face.database
            name = StringField()
            seen = HyperLogLogField()

        return Page

    @pytest.mark.parametrize("count", [3, 5000])  # kept in both of the server's encodings
    async def test_there_and_back(self, face, page, count):
        await face.do(page.create(name="a", seen=[f"user {number}" for number in range(count)]))
        await face.do(page.create(name="b"))
        before = state(face.client)
        lines = await face.all(page.export())
        await moved(face, page)
        assert state(face.client) == before
        one = await face.do(page.get(1))
        known = await face.do(one.seen.pfcount())
        assert abs(known - count) <= count / 20
        await face.do(one.seen.pfadd("other"))
        await face.do(page.import_(lines, on_conflict="update"))
        assert await face.do(one.seen.pfcount()) == known

    @pytest.mark.parametrize(
        "stored",
        [
            b"text",
            b"HYLL",
            b"HYLL\x00" + bytes(12_000),
            b"HYLL\x01" + bytes(11) + b"\x7f\xfe",
            b"HYLL\x01" + bytes(11) + b"\x7f",
        ],
    )
    async def test_a_text_that_is_none(self, face, page, stored):
        line = {"pk": "1", "seen": {"base64": base64.b64encode(stored).decode()}}
        lines = object_lines(line, model="Page", seen="HyperLogLog of str")
        await face.refused(ImportRefused, lambda: page.import_(lines, dry_run=True), match="not a HyperLogLog")


class TestDynamicFields:
    @pytest.fixture
    def sheet(self, face):
        class Sheet(face.Model):
            database = face.database
            name = StringField()
            score = DynamicInstanceHashField(int, indexable=True)
            code = DynamicStringField(unique=True)
            tags = DynamicSetField(indexable=True)
            turns = DynamicListField()
            heads = DynamicHashField(int)
            board = DynamicSortedSetField()

        return Sheet

    async def test_versions_come_back_with_their_indexes(self, face, sheet):
        await face.do(sheet.create(score_a=1, score_b=2, code_x="x", tags_é=["a", b"\xff"], heads_h={"k": 1}))
        await face.do(sheet.create(**{"name": "n", "score_\udcff": 3, "turns_t": ["b", "a"], "board_b": {"m": 1.5}}))
        before = state(face.client)
        assert await moved(face, sheet) == (2, 0, 0, None)
        assert state(face.client) == before
        assert inconsistencies(face.client, sheet) == []
        with assert_requests(1):
            head, *lines = await face.all(sheet.export(exclude=["name"]))
        assert json.loads(head)["fields"]["tags"] == "versions of set of str"
        assert json.loads(min(lines))["score"] == {"a": 1, "b": 2}
        await moved(face, sheet, exclude=["score", "tags", "turns", "heads", "board", "code"])
        assert await face.do(sheet.collection().count()) == 2
        assert not [key for key in face.client.keys("*") if b"score" in key]

    async def test_conflicts(self, face, sheet):
        await face.do(sheet.create(score_a=1, code_x="x", tags_t=["a"]))
        lines = await face.all(sheet.export())
        await face.do(sheet.update(1, score_a=5, score_b=6, code_x="y"))
        assert await face.do(sheet.import_(lines, on_conflict="update")) == (0, 0, 1, None)
        assert await face.do(sheet.collection(score_a=1, score_b=6, tags_t="a", code_x="x").count()) == 1
        assert inconsistencies(face.client, sheet) == []
        error = await face.refused(ImportRefused, lambda: sheet.import_(lines, new_pks=True))
        assert (error.line, type(error.__cause__)) == (2, UniquenessError)

    @pytest.mark.parametrize("versions", [{"a": "x"}, {"": 1}, {"a__b": 1}, {"\0": 1}, [["a"]], 5, [[1, 2]]])
    async def test_wrong_versions(self, face, sheet, versions):
        lines = object_lines({"pk": "1", "score": versions}, model="Sheet", score="versions of int")
        error = await face.refused(ImportRefused, lambda: sheet.import_(lines, dry_run=True), match="score")
        assert error.line == 2

    async def test_a_version_that_does_not_fit_is_named(self, face, sheet):
        await face.do(sheet.create(score_a=1))
        (key,) = [key for key in face.client.keys("*") if face.client.type(key) == b"hash" and b"hash:1" in key]
        (sub,) = face.client.hkeys(key)
        face.client.hset(key, sub, "abc")
        with pytest.raises(StoredValueError, match=r"Sheet.score_a of Sheet\('1'\)"):
            await face.all(sheet.export())


class TestExpiries:
    FIELDS: ClassVar = {"name": "str", "code": "bytes", "heads": "hash of int", "score": "versions of int"}

    @pytest.fixture
    def ticket(self, face):
        class Ticket(face.Model):
            database = face.database
            name = StringField(indexable=True)
            code = StringField(bytes)
            tags = SetField()
            heads = HashField(int)
            note = InstanceHashField()
            score = DynamicStringField(int)
            more = DynamicHashField()

        return Ticket

    async def test_they_come_back(self, face, ticket):
        one = await face.do(ticket.create(name="n", code=b"c", tags=["t"], heads={"a": 1, b"\xff": 2}, score_x=3))
        for number, field in enumerate([one.code, one.tags, one.heads, one.score("x")]):
            assert await face.do(field.pexpireat(9_000_000_000_000 + number))
        await face.do(one.score("y").set(4))
        await face.do(ticket.create(name="without"))
        expiries = {
            "code": 9_000_000_000_000,
            "tags": 9_000_000_000_001,
            "heads": [[None, 9_000_000_000_002]],
            "score": [["x", 9_000_000_000_003]],
        }
        await self._are_moved(face, ticket, expiries)
        await face.do(one.update(code=b"other", tags=["x"]))
        lines = object_lines(
            {"pk": "1", "code": "c", "expires at": {"code": 9_000_000_000_000}}, model="Ticket", code="bytes"
        )
        await face.do(ticket.import_(lines, on_conflict="update"))
        del expiries["tags"]
        await self._are_moved(face, ticket, expiries)

    async def test_keys_of_hashes(self, face, ticket):
        moment = 9_000_000_000_000
        if not knows(face, TABLE["HPEXPIREAT"].needs):
            line = {"pk": "1", "heads": {"a": 1}, "expires at": {"heads": [["a", moment]]}}
            lines = object_lines(line, model="Ticket", **self.FIELDS)
            error = await face.refused(ImportRefused, lambda: ticket.import_(lines), match="from Redis 7.4")
            assert (error.line, await face.do(ticket.collection().count())) == (2, 0)
            return
        one = await face.do(ticket.create(note="text", heads={"a": 1, b"\xff": 2, "c": 3}, more_m={"k": "v"}))
        assert await face.do(one.heads.hpexpireat(moment, "a", b"\xff")) == [1, 1]
        await face.do(one.heads.pexpireat(moment + 1))
        await face.do(one.more("m").hpexpireat(moment, "k"))
        await face.do(one.note.hpexpireat(moment))
        expiries = {
            "note": moment,
            "heads": [[None, moment + 1], ["a", moment], [{"base64": "/w=="}, moment]],
            "more": [["m", [["k", moment]]]],
        }
        await self._are_moved(face, ticket, expiries)

    async def _are_moved(self, face, ticket, expiries):
        lines = await face.all(ticket.export())
        assert [json.loads(line).get("expires at") for line in lines if '"1"' in line] == [expiries]
        before = state(face.client)
        await moved(face, ticket)
        assert state(face.client) == before
        assert sorted(await face.all(ticket.export())) == sorted(lines)

    async def test_what_has_expired_is_not_imported(self, face, ticket):
        line = {"pk": "1", "name": "n", "code": "c", "score": {"x": 1, "y": 2}}
        line["expires at"] = {"code": 1000, "score": [["x", 1000]]}
        await face.do(ticket.import_(object_lines(line, model="Ticket", **self.FIELDS)))
        _, line = await face.all(ticket.export())
        assert json.loads(line) == {"pk": "1", "name": "n", "score": {"y": 2}}
        assert await face.do((await face.do(ticket.get(1))).score.versions()) == {"y"}

    @pytest.mark.parametrize(
        ("expiries", "reason"),
        [
            ({"name": 9_000_000_000_000}, "indexed"),
            ({"code": "x"}, "milliseconds"),
            ({"code": 0}, "milliseconds"),
            ({"heads": 5}, "array"),
            ({"nam": 5}, "first line"),
            ({"score": [["x"]]}, "array of 2"),
            (5, "moments by field"),
        ],
    )
    async def test_wrong_expiries(self, face, ticket, expiries, reason):
        lines = object_lines({"pk": "1", "code": "c", "expires at": expiries}, model="Ticket", **self.FIELDS)
        await face.refused(ImportRefused, lambda: ticket.import_(lines, dry_run=True), match=reason)


class TestImport:
    async def test_automatic_primary_keys_go_on_behind(self, face, every):
        lines = object_lines({"pk": "7", "text": "a"}, {"pk": 3}, text="str")
        assert (await face.do(every.import_(lines))).created == 2
        assert await face.do((await face.do(every.create(text="b"))).pk.get()) == "8"
        assert inconsistencies(face.client, every) == []
        error = await face.refused(ImportRefused, lambda: every.import_(object_lines({"pk": "x"})))
        assert error.line == 2
        assert isinstance(error.__cause__, InvalidPrimaryKey)

    async def test_new_primary_keys(self, face, every):
        for _ in range(2):
            await face.do(every.create(text="a"))
        lines = await face.all(every.export())
        assert (await face.do(every.import_(lines, new_pks=True))).created == 2
        assert await face.do(every.collection(text="a").count()) == 4
        error = await face.refused(ImportRefused, lambda: every.import_(object_lines({"text": "a"}, text="str")))
        assert "new_pks=True" in str(error)

        class Keyed(face.Model):
            database = face.database
            key = PKField()

        await face.refused(InvalidPrimaryKey, lambda: Keyed.import_([], new_pks=True))

    async def test_conflicts(self, face, every):
        lines = object_lines({"pk": "1", "other": "a"}, {"pk": "2", "other": "b"}, other="str", tags="set of str")
        await face.do(every.create(other="x", tags=["old"]))
        error = await face.refused(ImportRefused, lambda: every.import_(lines))
        assert (error.line, error.position, error.done) == (2, 0, (0, 0, 0, None))
        assert isinstance(error.__cause__, UniquenessError)
        assert isinstance(error, BulkError)
        assert await face.do(every.import_(lines, on_conflict="skip")) == (1, 1, 0, None)
        assert await face.do(every.import_(lines, on_conflict="update")) == (0, 0, 2, None)
        assert await face.do(every.collection(tags="old").count()) == 0  # the file has none
        assert inconsistencies(face.client, every) == []

    async def test_goes_on_after_a_refused_line(self, face, every):
        objects = [{"pk": str(number), "count": number} for number in range(1, 11)]
        objects[6]["count"] = "seven"
        lines = object_lines(*objects, count="int")
        error = await face.refused(ImportRefused, lambda: every.import_(lines, chunk=2))
        assert (error.line, error.position, error.done.created) == (8, 6, 6)
        assert "line 8" in str(error)
        assert "Every.count takes int, not 'seven'" in str(error)
        lines[7] = lines[7].replace('"seven"', "7")
        assert (await face.do(every.import_(lines, from_line=error.line))).created == 4
        assert await face.do(every.collection().count()) == 10

    async def test_stopped_in_the_middle(self, face, every):
        """Whole chunks are stored; the same file imports the rest."""
        lines = object_lines(*({"pk": str(number), "count": number} for number in range(1, 101)), count="int")

        def broken():
            yield from lines[:56]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            await face.do(every.import_(broken(), chunk=10))
        assert await face.do(every.collection().count()) == 50
        assert await face.do(every.import_(lines, on_conflict="skip")) == (50, 50, 0, None)
        assert inconsistencies(face.client, every) == []

    async def test_dry_run(self, face, every):
        good = object_lines({"pk": "1", "count": 1}, {"pk": "2"}, count="int")
        bad = object_lines({"pk": "1", "count": 1}, {"pk": "2", "count": "x"}, count="int")
        with assert_requests(0):
            assert (await face.do(every.import_(good, dry_run=True))).created == 2
            error = await face.refused(ImportRefused, lambda: every.import_(bad, dry_run=True))
        assert error.line == 3
        assert "nothing is stored. Correct the line, and start again" in str(error)
        assert "from_line" not in str(error)
        assert face.keys() == set()

    async def test_what_is_there_already(self, face, every):
        """The advice of the error, followed, imports the rest."""
        lines = object_lines({"pk": "1", "count": 1}, {"pk": "2", "count": 2}, count="int")
        await face.do(every.import_(lines[:2]))
        error = await face.refused(ImportRefused, lambda: every.import_(lines))
        assert "on_conflict='skip' or 'update'" in str(error)
        assert await face.do(every.import_(lines, on_conflict="skip")) == (1, 1, 0, None)

    async def test_a_line_to_go_on_from_that_the_file_does_not_have(self, face, every):
        lines = object_lines({"pk": "1", "count": 1}, count="int")
        await face.refused(
            InvalidValue, lambda: every.import_(lines, from_line=9), match="from_line=9, but the file has 2 lines"
        )
        assert (await face.do(every.import_(lines, from_line=3))).created == 0

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("nothing", "is not JSON"),
            ("[1]", "is not a JSON object"),
            ('{"pk": 1, "count": NaN}', "NaN is not JSON"),
            ('{"pk": 1, "nam": 1}', "which the first line does not name"),
            ('{"pk": 1, "count": true}', "Every.count takes int, not true: true is neither a number nor a text"),
            ('{"pk": 1, "text": {"base64": "?"}}', "Every.text takes str"),
            ('{"pk": 1, "text": "\\ud800"}', "surrogates not allowed"),
            ('{"pk": 1, "tags": "abc"}', "it is not an array"),
            ('{"pk": 1, "board": [[1]]}', "not an array of 2"),
            ('{"pk": 1, "places": [["a", 500, 0]]}', "GEOADD"),
            ('{"pk": [1]}', "the primary key is not text"),
            (b'{"pk": "\xff"}', "not UTF-8"),
            (3, "takes lines of text"),
        ],
    )
    async def test_wrong_lines(self, face, every, line, reason):
        fields = {
            "count": "int",
            "text": "str",
            "tags": "set of str",
            "board": "sorted set of float",
            "places": "places of str",
        }
        lines = [*object_lines({"pk": 9}, **fields), line]
        error = await face.refused(ImportRefused, lambda: every.import_(lines))
        assert error.line == 3
        assert reason in str(error)
        assert await face.do(every.collection().count()) == 1

    @pytest.mark.parametrize(
        ("lines", "reason"),
        [
            ([], "has no first line"),
            (["x"], "is not JSON"),
            (["pk,count\n", "1,5\n"], "is CSV, pass format='csv'"),
            ("people.jsonl", "takes lines, such as an open file, not 'people.jsonl'"),
            (Path("people.jsonl"), "takes lines"),
            (5, "takes lines"),
            (['{"pk": 1}'], "the first line of a file to import is"),
            (object_lines(model="Other"), "objects of 'Other', not of Every"),
            (object_lines(cout="int"), "Did you mean|did you mean"),
            (object_lines(count="str"), "Every.count is int"),
        ],
    )
    async def test_wrong_first_lines(self, face, every, lines, reason):
        await face.refused(InvalidValue, lambda: every.import_(lines), match=reason)

    async def test_what_is_left_out(self, face, every):
        lines = object_lines({"pk": 1, "gone": 1, "count": 2}, gone="int", count="int")
        await face.refused(InvalidValue, lambda: every.import_(lines), match=r"exclude=\['gone'\]")
        await face.do(every.import_(lines, exclude=["gone"]))
        assert await face.do(every.collection().values("count", "plain").all()) == [{"count": 2, "plain": "default"}]

    async def test_references(self, face):
        class Person(face.Model):
            database = face.database
            name = StringField()
            boss = FKInstanceHashField("self", related_name="staff")
            friends = M2MSetField("self", related_name="friend_of")

        class Task(face.Model):
            database = face.database
            owner = FKStringField(Person, related_name="tasks")

        ada = await face.do(Person.create(name="Ada"))
        bob = await face.do(Person.create(name="Bob", boss=ada, friends=[ada]))
        await face.do(ada.boss.hset(bob))
        await face.do(Task.create(owner=ada))
        people, tasks = await face.all(Person.export()), await face.all(Task.export())
        before = state(face.client)
        await face.refused(InvalidValue, lambda: Person.import_(people, new_pks=True), match="boss, friends")
        face.client.flushall()
        Person._schema.maintenance.forget()
        Task._schema.maintenance.forget()
        assert (await face.refused(ImportRefused, lambda: Task.import_(tasks))).line == 2
        await face.refused(ImportRefused, lambda: Person.import_(people))  # each refers to the other
        await face.do(Person.import_(people, exclude=["boss", "friends"]))
        await face.do(Person.import_(people, on_conflict="update"))
        await face.do(Task.import_(tasks))
        assert state(face.client) == before


class TestCosts:
    async def test_round_trips(self, face, every):
        await face.do(every.bulk_create({"text": str(number)} for number in range(1000)))
        seen = []
        with assert_requests(1):
            lines = await face.all(every.export(chunk=2000, progress=seen.append))
        assert (len(lines), seen) == (1001, [1000])
        face.client.flushall()
        every._schema.maintenance.forget()
        ordered = [lines[0], *sorted(lines[1:], key=lambda line: int(json.loads(line)["pk"]))]
        with assert_requests(10):  # the objects of a chunk, and the counter before it
            await face.do(every.import_(ordered, chunk=200))
        with assert_requests(5):
            await face.do(every.import_(ordered, chunk=200, new_pks=True))
        with assert_requests(at_most=30):
            await face.all(every.export(chunk=100))

    async def test_memory_is_that_of_a_chunk(self, face, every):
        def lines(count):
            yield object_lines(text="str")[0]
            for number in range(1, count + 1):
                yield json.dumps({"pk": str(number), "text": "x" * 1000}) + "\n"

        await face.do(every.import_(lines(10)))
        tracemalloc.start()
        await face.do(every.import_(lines(3000), on_conflict="skip", chunk=50))
        count = 0
        if face.is_async:
            async for _ in every.export(chunk=50):
                count += 1
        else:
            for _ in every.export(chunk=50):
                count += 1
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count >= 3001
        assert peak < 1_500_000

    async def test_asynchronous_lines(self, face, every):
        async def lines():
            for line in object_lines({"pk": 1}, {"pk": 2}):
                yield line

        if face.is_async:
            assert (await every.import_(lines())).created == 2
            with pytest.raises(InvalidValue, match="no first line"):
                await every.import_(line async for line in lines() if not line)

    async def test_not_in_a_pipeline(self, face, every):
        if face.is_async:
            async with face.database.pipeline():
                with pytest.raises(NotInPipeline):
                    await face.all(every.export())
        else:
            with face.database.pipeline(), pytest.raises(NotInPipeline):
                list(every.export())


class TestCSV:
    @pytest.fixture
    def thing(self, face):
        class Thing(face.Model):
            database = face.database
            name = StringField()
            count = InstanceHashField(int)
            sure = InstanceHashField(bool)
            at = InstanceHashField(datetime)
            data = JSONField()
            tags = SetField()

        return Thing

    async def test_there_and_back(self, face, thing):
        texts = [text for text in ODD if text not in {b"\xff\xfe", "\udcff"}]
        for text in texts:
            await face.do(thing.create(name=text, count=5, sure=True, data={"a": text}))
        await face.do(thing.create(at=datetime(2026, 1, 1, tzinfo=UTC)))
        before = state(face.client)
        lines = await face.all(thing.export(format="csv", exclude=["tags"]))
        face.client.flushall()
        thing._schema.maintenance.forget()
        physical = "".join(lines).split("\n")
        await face.do(thing.import_([line + "\n" for line in physical[:-1]], format="csv"))
        assert state(face.client) == before

    async def test_the_records(self, face, thing):
        await face.do(thing.create(name='a "b", c', count=5, sure=True))
        await face.do(thing.create(name=""))
        lines = await face.all(thing.export(format="csv", exclude=["tags"]))
        assert lines[0] == "pk,name,count,sure,at,data\n"
        assert sorted(lines[1:]) == ['1,"a ""b"", c",5,1,,\n', '2,"",,,,\n']

    async def test_what_it_does_not_hold(self, face, thing):
        with pytest.raises(InvalidValue, match="tags has many members"):
            thing.export(format="csv")
        with pytest.raises(InvalidValue, match="format is one of"):
            thing.export(format="xml")
        await face.do(thing.create(name=b"\xff"))
        with pytest.raises(InvalidValue, match=r"Thing.name .*JSON lines"):
            await face.all(thing.export(format="csv", exclude=["tags"]))

    @pytest.mark.parametrize(
        ("lines", "line", "reason"),
        [
            (["pk,name", "1"], 2, "1 cells"),
            (["pk,count", "1,x"], 2, "Thing.count takes int"),
            (["pk,name", '1,"a"b'], 2, "not a cell of CSV"),
            (["pk,data", "1,{"], 2, "takes JSON"),
            (["name", "a"], 2, "no primary key"),
            (["pk,name\n", '1,"a\n', 'b"\n', "2\n"], 4, "1 cells"),
        ],
    )
    async def test_wrong_records(self, face, thing, lines, line, reason):
        error = await face.refused(ImportRefused, lambda: thing.import_(lines, format="csv"))
        assert error.line == line
        assert reason in str(error)

    async def test_wrong_first_records(self, face, thing):
        for lines, reason in [
            (["pk,nam\n"], "nam"),
            (object_lines(name="str"), "leave out format='csv'"),
            (["pk,name,name\n"], "once"),
            (["pk,tags\n"], "tags has many members"),
            (["pk,name\n", '1,"a\n'], "ends within the record at line 2"),
        ]:
            await face.refused(InvalidValue, lambda lines=lines: thing.import_(lines, format="csv"), match=reason)

    async def test_of_a_spreadsheet(self, face, thing):
        lines = ["\ufeffpk;name\r\n".replace(";", ","), "1,a\r\n", "\r\n", "2,b"]
        assert (await face.do(thing.import_(lines, format="csv"))).created == 2
