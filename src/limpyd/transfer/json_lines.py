"""JSON lines: a first line that says what follows, then an object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from limpyd.exceptions import InvalidValue, shorten
from limpyd.query.results.columns import Column
from limpyd.schema.schema import Schema
from limpyd.transfer import expiries
from limpyd.transfer.declared_forms import imported_forms
from limpyd.transfer.expiries import EXPIRIES, Expiry, ExpiryWriter
from limpyd.transfer.field_forms import FieldForm
from limpyd.transfer.restored_forms import Restored, RestoredForm
from limpyd.transfer.texts import as_stored, text_form

VERSION = 1
FORMAT = "limpyd export"


class JSONLinesWriter:
    """Writes objects as lines of JSON."""

    def __init__(self, schema: Schema, forms: Sequence[FieldForm]) -> None:
        self._schema = schema
        self._forms = forms
        self._expiries = ExpiryWriter(forms)

    @property
    def more(self) -> list[Column]:
        """The columns to read after the values."""
        return self._expiries.columns

    def head(self) -> str:
        """The first line: the version of the format, the model, and its fields with what each holds."""
        fields = {form.name: form.type for form in self._forms}
        return _line({FORMAT: VERSION, "model": self._schema.name, "fields": fields})

    def line(self, pk: bytes, replies: Sequence[Any]) -> str:
        """The line of an object, by what the server has under each field.

        Raises:
            ValueError: a value does not fit its field's type.
        """
        document = {"pk": text_form(pk)}
        for form, reply in zip(self._forms, replies, strict=False):
            if reply is not None and reply != []:
                document[form.name] = form.written(reply)
        found = self._expiries.written(replies[len(self._forms) :])
        if found:
            document[EXPIRIES] = found
        return _line(document)


class JSONLinesReader:
    """Reads them again."""

    def __init__(self, schema: Schema, exclude: frozenset[str]) -> None:
        self._schema = schema
        self._exclude = exclude
        self._forms: dict[str, FieldForm | None] = {}
        self._restored: list[str] = []

    def record(self, line: str) -> str | None:
        """A whole record, once its lines are complete; each is one line."""
        return line

    def read_head(self, line: str) -> list[str]:
        """Reads the first line; the names of the fields that are imported.

        Raises:
            InvalidValue: it is none, or that of another model, or one of other fields.
        """
        try:
            head = _parsed(line)
        except InvalidValue as error:
            if re.match(r"pk\b|\w+,", line):
                msg = f"{error}. If the file is CSV, pass format='csv', or --format csv on the command line"
                raise InvalidValue(msg) from error
            raise
        fields = head.get("fields")
        if head.get(FORMAT) != VERSION or not isinstance(fields, dict):
            msg = (
                f'the first line of a file to import is {{"{FORMAT}": {VERSION}, "model": …, "fields": …}}, as an '
                f"export of this version of limpyd writes it, not {shorten(line)}"
            )
            raise InvalidValue(msg)
        if head.get("model") != self._schema.name:
            msg = (
                f"the file has objects of {shorten(head.get('model'))}, not of {self._schema.name}; import it into its "
                f"own model, or change the name in its first line"
            )
            raise InvalidValue(msg)
        types = {name: str(type_name) for name, type_name in fields.items()}
        self._forms = dict(zip(types, imported_forms(self._schema, types, self._exclude), strict=True))
        self._restored = [name for name, form in self._forms.items() if isinstance(form, RestoredForm)]
        return [name for name, form in self._forms.items() if form is not None]

    def read(self, line: str) -> tuple[bytes | None, dict[str, Any], list[Expiry | Restored]]:
        """The primary key of an object, if it has one, its values, and what is stored after them.

        Raises:
            InvalidValue: it is no object, or a value does not fit its field's type.
        """
        document = _parsed(line)
        given = document.pop("pk", None)
        moments = expiries.read(self._forms, document.pop(EXPIRIES, {}))
        values = self._values(document)
        restored = [values.pop(name) for name in self._restored if name in values]
        return (None if given is None else self._pk(given)), values, [*restored, *moments]

    def _pk(self, given: Any) -> bytes:
        try:
            return as_stored(str(given) if type(given) is int else given)
        except ValueError as error:
            msg = f"the primary key is not text: {error}"
            raise InvalidValue(msg) from error

    def _values(self, document: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in document.items():
            if name not in self._forms:
                msg = f"it has a value of {shorten(name)}, which the first line does not name"
                raise InvalidValue(msg)
            form = self._forms[name]
            if form is not None and value is not None:
                form.add_to(values, value)
        return values


def _line(document: Mapping[str, Any]) -> str:
    line = json.dumps(document, ensure_ascii=False, separators=(", ", ": "))
    try:
        line.encode()
    except UnicodeEncodeError:  # a lone surrogate within the value of a JSONField
        line = json.dumps(document)
    return line + "\n"


def _parsed(line: str) -> dict[str, Any]:
    try:
        document = DECODER.decode(line)
    except (ValueError, RecursionError) as error:
        msg = f"{shorten(line)} is not JSON: {error}"
        raise InvalidValue(msg) from error
    if not isinstance(document, dict):
        msg = f"{shorten(line)} is not a JSON object"
        raise InvalidValue(msg)
    return document


def _refuse(constant: str) -> NoReturn:
    msg = f'{constant} is not JSON; write it as text, "nan", "inf" or "-inf"'
    raise ValueError(msg)


DECODER = json.JSONDecoder(parse_constant=_refuse)
"""One for all lines: to make one takes as long as to read a short line."""
