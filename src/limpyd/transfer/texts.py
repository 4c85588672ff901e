"""The JSON form of one stored value, and the way back."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from typing import Any

from limpyd.exceptions import shorten
from limpyd.fields import JSONField, ValueField
from limpyd.types import CODECS, UNTYPED

BASE64 = "base64"
"""The only name of the JSON object that stands for bytes that are no UTF-8."""
TAKES_NO_NUMBER = (CODECS[str], CODECS[bytes], CODECS[bool])
MAX_DIGITS = 300
"""The most characters of an int that is a JSON number; parsers of JSON refuse longer ones."""


def text_form(stored: bytes) -> Any:
    """A stored text: itself, or an object with its base64 if it is no UTF-8."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return {BASE64: base64.b64encode(stored).decode()}


def _int_form(stored: bytes) -> Any:
    value = int(stored) if len(stored) <= MAX_DIGITS else None
    return value if value is not None and b"%d" % value == stored else text_form(stored)


def _float_form(stored: bytes) -> Any:
    value = float(stored)
    return value if math.isfinite(value) else text_form(stored)


def _bool_form(stored: bytes) -> Any:
    return stored == b"1"


FORMS = {CODECS[int]: _int_form, CODECS[float]: _float_form, CODECS[bool]: _bool_form}


def writer_of(field: ValueField[Any]) -> Callable[[bytes], Any]:
    """Returns a function that makes JSON forms of stored values of a field; ValueError if one is not of its type."""
    codec = field.codec
    if isinstance(field, JSONField):
        form: Callable[[bytes], Any] = json.loads
    else:
        form = FORMS.get(codec, text_form)
    if codec in {UNTYPED, CODECS[bytes]}:
        return form

    def checked(stored: bytes) -> Any:
        codec.decode(stored)
        return form(stored)

    return checked


def reader_of(field: ValueField[Any]) -> Callable[[Any], Any]:
    """Returns a function that makes values of a field of their JSON forms; it raises ValueError for any other form."""
    codec = field.codec
    if isinstance(field, JSONField):
        return lambda form: codec.decode(json.dumps(form).encode())
    if codec is CODECS[bool]:
        return lambda form: form if isinstance(form, bool) else codec.decode(as_stored(form))
    takes_numbers = codec not in TAKES_NO_NUMBER

    def read(form: Any) -> Any:
        if type(form) is int and takes_numbers:
            return codec.decode(b"%d" % form)
        if type(form) is float and takes_numbers:
            return codec.decode(repr(form).removesuffix(".0").encode())
        if takes_numbers and not isinstance(form, str | dict):
            msg = f"{as_json(form)} is neither a number nor a text"
            raise ValueError(msg)
        return codec.decode(as_stored(form))

    return read


def as_stored(form: Any) -> bytes:
    """The stored text that a JSON form stands for.

    Raises:
        ValueError: it stands for none.
    """
    if isinstance(form, str):
        return form.encode("utf-8", "surrogateescape")
    if isinstance(form, dict) and form.keys() == {BASE64} and isinstance(form[BASE64], str):
        return base64.b64decode(form[BASE64], validate=True)
    msg = f'{as_json(form)} is neither a text nor {{"{BASE64}": "…"}}'
    raise ValueError(msg)


def as_json(form: Any) -> str:
    """A JSON form in messages: Python's name of a bool is not that of JSON."""
    return {True: "true", False: "false"}[form] if isinstance(form, bool) else shorten(form)
