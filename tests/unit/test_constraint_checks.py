"""What satisfies a constraint is the same in Python, which checks what is known, and on the server."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limpyd.constraints.kinds import KINDS
from limpyd.lua.linker import link
from limpyd.types import codec_for

CHECK = link(
    """
-- @requires constraints
local name, replies = ARGV[1], {}
local function check(value)
  -- @choose constraints name
  return constraints[name](ARGV[2], value) and 1 or 0
end
for at = 3, #ARGV do
  replies[#replies + 1] = check(ARGV[at])
end
return replies
""",
    "constraints",
)
ODD = [
    "0",
    "-0",
    "+0",
    "00",
    "0.0",
    "-0.0",
    ".0",
    "0.",
    ".",
    "-",
    "1",
    "-1",
    "+1",
    "01",
    "007",
    "1.",
    ".5",
    "-.5",
    "1.5",
    "1.50",
    "00.10",
    "1e3",
    "1E3",
    "1e+3",
    "1e-3",
    "1e",
    "1e400",
    "1e-400",
    "1e308",
    "4.9e-324",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "9007199254740992.0",
    "9007199254740993e0",
    "12345678901234567890",
    "0.1",
    "0.10",
    "0.1000000000000000055511151231257827",
    "10000000000000000000000",
    "1e22",
    "0x10",
    "inf",
    "-inf",
    "infinity",
    "nan",
    "1,5",
    "1a",
    "--1",
    "1.2.3",
]
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=3) | st.sampled_from(
    [
        Decimal(text)
        for text in ("0", "-0", "1E+3", "0.1", "0.10", "0.1000000000000000000000001", "123456789012345678901")
    ]
)
VALUES = {
    int: st.integers() | st.integers(min_value=2**53 - 3, max_value=2**53 + 3),
    Decimal: NUMBERS,
    float: st.floats(allow_nan=False) | st.sampled_from([0.1, 0.3, 0.1 + 0.2, -0.0]),
    str: st.text(max_size=5),
    bytes: st.binary(max_size=5),
    date: st.dates(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    time: st.times(),
    timedelta: st.timedeltas(),
}
COMPARING = ("ge", "gt", "le", "lt", "choices")
LENGTHS = ("min_length", "max_length")


@pytest.fixture
def client(one_server):
    with one_server.client() as client:
        yield client


def judged(constraint, codec, stored):
    """Python's opinion of a stored value."""
    try:
        value = codec.decode(stored)
    except (ValueError, OverflowError):
        return None
    return constraint.kind.passes(stored if constraint.of_stored else value, constraint.limit)


def compare(client, constraint, codec, values):
    found = client.eval(CHECK, 0, constraint.kind.name, constraint.argument, *values)
    for stored, by_server in zip(values, found, strict=True):
        by_python = judged(constraint, codec, stored)
        assert by_python is None or by_python == bool(by_server), (str(constraint), stored)


@pytest.mark.parametrize("kind", VALUES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_values(client, kind, data):
    codec = codec_for(kind)
    values = data.draw(st.lists(VALUES[kind], min_size=2, max_size=6))
    stored = [codec.encode(value) for value in values]
    for name in COMPARING:
        declared = KINDS[name].declare(KINDS[name], codec, values[:2] if name == "choices" else values[0])
        compare(client, declared, codec, stored)
    for name in LENGTHS if kind in {str, bytes} else ():
        declared = KINDS[name].declare(KINDS[name], codec, len(values[0]))
        compare(client, declared, codec, stored)


@pytest.mark.parametrize("kind", [int, Decimal, float])
def test_odd_texts(client, kind):
    """Numbers as something else than limpyd writes them, if Python can read them at all."""
    codec = codec_for(kind)
    texts = [text.encode() for text in ODD]
    values = [text for text in texts if readable(codec, text)]
    for limit in map(codec.decode, values):
        for name in COMPARING:
            if not math.isnan(limit):
                declared = KINDS[name].declare(KINDS[name], codec, [limit] if name == "choices" else limit)
                compare(client, declared, codec, values)


def readable(codec, text):
    try:
        codec.encode(codec.decode(text))
    except (ValueError, OverflowError):
        return False
    return True


@pytest.mark.parametrize(
    "text", [b"\xff\xfe", b"\xe9\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"a\0\xc3\xa9"]
)
def test_characters(client, text):
    """Bytes that are no character count as one each, as in a text that Python reads with surrogates."""
    count = len(text.decode("utf-8", "surrogateescape"))
    argument = b"characters %d" % count
    for name in LENGTHS:
        assert client.eval(CHECK, 0, name, argument, text) == [1]
