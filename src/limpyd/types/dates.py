"""The codecs of moments, dates, times of day and durations."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from limpyd.types.codec import Codec, exactly

_datetime = exactly(datetime)
_date = exactly(date, but_not=datetime)
_time = exactly(time)
_timedelta = exactly(timedelta)
MICROSECOND = timedelta(microseconds=1)


def _encode_datetime(value: datetime) -> bytes:
    if _datetime(value).utcoffset() is None:
        msg = "a datetime needs a time zone, such as tzinfo=UTC"
        raise ValueError(msg)
    moment = value if value.tzinfo is UTC else value.astimezone(UTC)
    return b"%04d-%02d-%02dT%02d:%02d:%02d.%06dZ" % (  # isoformat takes twice as long
        moment.year,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
        moment.microsecond,
    )


def _decode_datetime(stored: bytes) -> datetime:
    moment = datetime.fromisoformat(stored.decode())
    if moment.utcoffset() is None:
        msg = "no time zone"
        raise ValueError(msg)
    return moment


def _encode_time(value: time) -> bytes:
    if _time(value).tzinfo is not None:
        msg = "a time of day with a time zone means nothing without its date; use datetime"
        raise ValueError(msg)
    return value.isoformat(timespec="microseconds").encode()


DATETIME = Codec("datetime", _encode_datetime, _decode_datetime, number="moment", ordered="text")
DATE = Codec(
    "date",
    lambda value: _date(value).isoformat().encode(),
    lambda stored: date.fromisoformat(stored.decode()),
    number="days",
    ordered="text",
)
TIME = Codec("time", _encode_time, lambda stored: time.fromisoformat(stored.decode()), number="clock", ordered="text")
TIMEDELTA = Codec(
    "timedelta",
    lambda value: b"%d" % (_timedelta(value) // MICROSECOND),
    lambda stored: int(stored) * MICROSECOND,
    number="exact",
    ordered="number",
)
