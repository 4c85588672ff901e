"""What an index keeps of a value is the same in Python, which creates objects and filters, and on the server."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limpyd import InstanceHashField, SetField
from limpyd.indexes import EqualIndex, TextRangeIndex
from limpyd.indexes.field_index import FieldIndex
from limpyd.indexes.geo import geohash
from limpyd.indexes.normalizers import form
from limpyd.keys import Partition
from limpyd.lua.linker import link
from limpyd.scripts.python_transforms import PythonTransform

MAKE = link(
    """
-- @requires normal_form transform_request
local made = {}
for at = 2, #ARGV do
  local texts, reason = normal_form(ARGV[1], ARGV[at], 'the key')
  made[#made + 1] = texts and { 'texts', texts } or { 'refused', reason }
end
return { made, transform_request or {} }
""",
    "forms",
)
NAMES = [
    "text",
    "float",
    "decimal",
    "exact",
    "double",
    "numeral",
    "days",
    "clock",
    "moment",
    "casefold",
    "slice:1:4",
    "slice:6:7",
]
CHAINS = [
    "slice:1:4|exact",
    "slice:12:26|slice:1:2|numeral",
    "slice:1:10|days",
    "slice:12:26|casefold",
    "decimal|exact",
]
ODD = """
0 -0 +0 00 0.0 -0.0 .0 0. . - + +- 1 -1 +1 01 007 1. .5 -.5 1.5 1.50 1.500000 00.10 1e3 1E3 1e+3 1e-3 1e 1e+ e3
1e12345 1e400 1e-400 1e308 1.8e308 1e-308 2e-308 2.2250738585072014e-308 4.9e-324 1e-320 123456789012345
1234567890123456 9007199254740991 9007199254740992 9007199254740993 -9007199254740992 -9007199254740993
9007199254740992.0 9007199254740991.0 9007199254740993.0 9007199254740991e0 10000000000000000000000
12345678901234567890 0.123456789012345 0.1234567890123456 123456789012345.0 123456789012345.6
0.1000000000000000055511151231257827 1_000 0x10 0x1p4 inf -inf +inf Inf infinity nan -nan NaN 1,5 ١٢ 1a a1 --1 1.2.3
2020-01-01 2020-02-29 2021-02-29 1900-02-29 2000-02-29 0001-01-01 0000-01-01 9999-12-31 2020-13-01 2020-00-10
2020-1-1 20200101 2020-W01-1 1969-12-31 1970-01-01 2020-04-31 00:00:00 23:59:59 24:00:00 23:60:00 23:59:60 12:30
12:30:00.5 12:30:00.123456 12:30:00.1234567 12:30:00. 12:30:00,5 12:30:00.000001Z 2020-01-01T00:00:00Z
2020-01-01T00:00:00.000000Z 1969-12-31T23:59:59.999999Z 2020-01-01T00:00:00+00:00 2020-01-01 00:00:00Z
0001-01-01T00:00:00.000000Z 0001-01-01T00:00:00.000001Z 9999-12-31T23:59:59.999999Z 9999-12-31T23:59:59.000000Z
2255-06-05T23:47:34.740992Z 2255-06-05T23:47:34.740993Z 2020-01-01TxxZ 2020-02-30T00:00:00Z 2020-01-01T24:00:00Z ABC
AbC ÄÖ ß É é İ ẞ x|y ? ?? 1?
""".split()  # noqa: SIM905 - a list would be of one text a line
BYTES = [
    b"",
    b" ",
    b"\0",
    b"1\0",
    b"\xff",
    b"A\xff",
    b" 1",
    b"1 ",
    b"1\n",
    b"2020-01-01\n",
    b"9" * 400,
    b"0." + b"0" * 400,
]
TEXTS = [*(text.encode() for text in ODD), *BYTES]
NUMBERS = st.from_regex(
    r"[+-]?[0-9]{0,20}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True, alphabet=st.characters(codec="ascii")
)


def in_python(name, text):
    try:
        return [b"texts", form(name)(text)]
    except ValueError as error:
        return [b"refused", str(error).encode()]


@pytest.fixture
def client(one_server):
    with one_server.client() as client:
        yield client


@pytest.mark.parametrize("name", NAMES + CHAINS)
def test_the_same_of_odd_texts(client, name):
    texts = [text for text in TEXTS if "casefold" not in name or text.isascii()]
    made, asked = client.eval(MAKE, 0, name, *texts)
    assert asked == []
    for text, found in zip(texts, made, strict=True):
        assert found == in_python(name, text), text


@pytest.mark.parametrize("name", ["float", "decimal", "exact", "double", "numeral"])
def test_the_same_of_numbers(client, name):
    @settings(max_examples=20, deadline=None)
    @given(st.lists(NUMBERS, min_size=1, max_size=50))
    def check(numbers):
        made, _ = client.eval(MAKE, 0, name, *numbers)
        assert made == [in_python(name, number.encode()) for number in numbers]

    check()


@given(st.one_of(st.floats(allow_nan=False), st.integers(-(2**70), 2**70), st.sampled_from([2**53 + 1, 10**23])))
def test_numerals_are_what_python_reads(number):
    try:
        kept = form("numeral")(repr(number).encode())
    except ValueError:
        assert isinstance(number, int)
        assert int(float(number)) != number
    else:
        assert float(kept) == number
        padded = repr(number).encode() if "inf" in repr(number) else f"00{number!r}".replace("00-", "-00").encode()
        assert form("numeral")(padded) == kept


@pytest.mark.parametrize(("name", "text"), [("days", str), ("clock", None), ("moment", None)])
def test_the_same_of_moments(client, name, text):
    moments = {
        "days": st.dates().map(str),
        "clock": st.times().map(lambda value: value.isoformat(timespec="microseconds")),
        "moment": st.datetimes().map(lambda value: value.isoformat(timespec="microseconds") + "Z"),
    }

    @settings(max_examples=40, deadline=None)
    @given(st.lists(moments[name], min_size=1, max_size=50))
    def check(values):
        made, _ = client.eval(MAKE, 0, name, *values)
        assert made == [in_python(name, value.encode()) for value in values]

    check()


class TestWhatOnlyPythonKnows:
    """A form that is asked for."""

    @staticmethod
    def kept(index, kind=InstanceHashField):
        field = kind(indexable=True)
        field.name = "name"
        return FieldIndex(index, field, Partition(b"m"))

    def test_case_is_folded_by_python_where_it_is_not_ascii(self, client):
        kept = self.kept(TextRangeIndex(case_sensitive=False))
        assert isinstance(kept.form, PythonTransform)
        made, asked = client.eval(MAKE, 0, kept.form, b"ABC", b"\xc3\x89", b"\xc3\x89", b"a\xff")
        assert made[0] == [b"texts", b"abc"]
        assert asked == [b"transform", b"the key", b"\xc3\x89", b"the key", b"a\xff"]
        told = kept.form.extended([b"\xc3\x89", b"a\xff"])
        assert client.eval(MAKE, 0, told, b"ABC", b"\xc3\x89", b"a\xff") == [
            [[b"texts", b"abc"], [b"texts", [b"\xc3\xa9"]], [b"texts", [b"a\xff"]]],
            [],
        ]

    def test_transforms(self, client):
        def words(value):
            if value == "bad":
                msg = "no good: é"
                raise LookupError(msg)
            return value.split() if value else None

        kept = self.kept(EqualIndex(transform=words))
        values = [b"b a b", b"", b"bad", b"1:2?", b" "]
        assert client.eval(MAKE, 0, kept.form, *values)[1][2::2] == values
        told = kept.form.extended(values[:2]).extended(values[2:])
        assert told == kept.form.extended(values)
        assert client.eval(MAKE, 0, told, *values) == [
            [
                [b"texts", [b"b", b"a"]],
                [b"texts", []],
                [b"refused", "no good: é".encode()],
                [b"texts", [b"1:2?"]],
                [b"texts", []],
            ],
            [],
        ]

    def test_members_that_cannot_be_told_apart(self):
        assert self.kept(EqualIndex(), SetField).distinguishes_members
        assert self.kept(TextRangeIndex(), SetField).distinguishes_members
        assert not self.kept(TextRangeIndex(case_sensitive=False), SetField).distinguishes_members
        assert not self.kept(EqualIndex(transform="slice:1:2"), SetField).distinguishes_members
        assert not self.kept(EqualIndex(transform=str.upper), SetField).distinguishes_members


def test_geohash(client):
    places = [(0, 0), (180, 85.05112878), (-180, -85.05112878), (13.361389, 38.115556), (-0.0000001, 0.0000001)]
    choice = random.Random(7)
    places += [(choice.uniform(-180, 180), choice.uniform(-85.05112878, 85.05112878)) for _ in range(2000)]
    for number, (longitude, latitude) in enumerate(places):
        client.geoadd("{g}", [longitude, latitude, number])
    scores = dict(client.zrange("{g}", 0, -1, withscores=True))
    for number, place in enumerate(places):
        assert float(geohash(*place)) == scores[b"%d" % number], place
