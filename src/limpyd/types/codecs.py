"""The codecs of the types that a field can be declared with."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from limpyd.types import dates, geo, numbers, text
from limpyd.types.codec import Codec

CODECS: dict[type, Codec[Any]] = {
    str: text.STR,
    bytes: text.BYTES,
    int: numbers.INT,
    float: numbers.FLOAT,
    bool: numbers.BOOL,
    Decimal: numbers.DECIMAL,
    UUID: text.UUID_TEXT,
    datetime: dates.DATETIME,
    date: dates.DATE,
    time: dates.TIME,
    timedelta: dates.TIMEDELTA,
    geo.GeoPoint: geo.GEO_POINT,
}
