"""CSV: a record with the names of the columns, then one for each object. It holds fields of one value, as text.

A cell without quotes and text is no value; an empty text has quotes, which spreadsheets do not keep.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import JSONField
from limpyd.query.results.columns import Column
from limpyd.schema.schema import Schema
from limpyd.transfer.declared_forms import imported_forms
from limpyd.transfer.expiries import Expiry
from limpyd.transfer.field_forms import FieldForm
from limpyd.transfer.restored_forms import Restored

CELL = re.compile(r'(?:"((?:[^"]++|"")*+)"|([^",\r\n]*+))(,|\r?\n?\Z)')
QUOTED = re.compile(r'[",\r\n]|\A\Z|\A\s|\s\Z')


def check_single(forms: Sequence[FieldForm | None]) -> None:
    """Refuses fields of many members.

    Raises:
        InvalidValue: there is one.
    """
    many = [form.name for form in forms if form is not None and form.kind]
    if many:
        msg = (
            f"CSV holds fields of one value, and {', '.join(many)} has many members; leave it out with "
            f"exclude={many}, or use JSON lines"
        )
        raise InvalidValue(msg)


class CSVWriter:
    """Writes objects as records of CSV."""

    def __init__(self, schema: Schema, forms: Sequence[FieldForm]) -> None:
        check_single(forms)
        self._schema = schema
        self._forms = forms

    @property
    def more(self) -> list[Column]:
        """The columns to read after the values: none, since CSV has no place for expiries."""
        return []

    def head(self) -> str:
        """The record with the names of the columns."""
        return ",".join(["pk", *(form.name for form in self._forms)]) + "\n"

    def line(self, pk: bytes, replies: Sequence[Any]) -> str:
        """The record of an object, by what the server has under each field.

        Raises:
            ValueError: a value does not fit its field's type.
            InvalidValue: one is no UTF-8.
        """
        cells = [_cell(pk, "the primary key")]
        for form, reply in zip(self._forms, replies, strict=True):
            if reply is not None:
                form.written(reply)
            cells.append("" if reply is None else _cell(reply, str(form.field)))
        return ",".join(cells) + "\n"


class CSVReader:
    """Reads them again."""

    def __init__(self, schema: Schema, exclude: frozenset[str]) -> None:
        self._schema = schema
        self._exclude = exclude
        self._columns: list[str] = []
        self._forms: list[FieldForm | None] = []
        self._begun = ""

    def record(self, line: str) -> str | None:
        """A whole record, once its lines are complete: those of a cell with quotes may be several."""
        self._begun += line
        if self._begun.count('"') % 2:
            return None
        record, self._begun = self._begun, ""
        return record

    def read_head(self, record: str) -> list[str]:
        """Reads the names of the columns; those of the fields that are imported.

        Raises:
            InvalidValue: a column is no field of one value, or there twice.
        """
        if record.startswith("{"):
            msg = (
                f"the first line, {shorten(record)}, is not one of CSV; if the file is JSON lines, leave out "
                f"format='csv', or --format csv on the command line"
            )
            raise InvalidValue(msg)
        self._columns = [name or "" for name in _cells(record)]
        if len(set(self._columns)) != len(self._columns):
            msg = f"the first line of a CSV file names each column once, not {shorten(record)}"
            raise InvalidValue(msg)
        names = {"pk", self._schema.pk_name}
        types: dict[str, str | None] = {name: None for name in self._columns if name not in names}
        forms = dict(zip(types, imported_forms(self._schema, types, self._exclude), strict=True))
        self._forms = [forms.get(name) for name in self._columns]
        check_single(self._forms)
        return [form.name for form in self._forms if form is not None]

    def read(self, record: str) -> tuple[bytes | None, dict[str, Any], list[Expiry | Restored]]:
        """The primary key of an object, if it has one, its values, and no expiries.

        Raises:
            InvalidValue: there are too few cells or too many, or a value does not fit its field's type.
        """
        cells = _cells(record)
        if len(cells) != len(self._columns):
            msg = f"it has {len(cells)} cells, and the first line names {len(self._columns)} columns"
            raise InvalidValue(msg)
        pk, values = None, {}
        for name, form, cell in zip(self._columns, self._forms, cells, strict=True):
            if cell is None:
                continue
            if name in {"pk", self._schema.pk_name}:
                pk = cell.encode("utf-8", "surrogateescape")
            elif form is not None:
                values[name] = form.read(_parsed(form, cell))
        return pk, values, []


def _cell(stored: bytes, who: str) -> str:
    try:
        text = stored.decode()
    except UnicodeDecodeError as error:
        msg = f"{who} has {shorten(stored)}, which is not UTF-8, so CSV cannot contain it; export it as JSON lines"
        raise InvalidValue(msg) from error
    return '"' + text.replace('"', '""') + '"' if QUOTED.search(text) else text


def _cells(record: str) -> list[str | None]:
    """The cells of a record; None for one without quotes and text."""
    cells: list[str | None] = []
    at = 0
    while True:
        found = CELL.match(record, at)
        if found is None:
            msg = f'{shorten(record[at:])} is not a cell of CSV: put text with quotes or commas in quotes, as "a ""b"""'
            raise InvalidValue(msg)
        quoted, plain, end = found.groups()
        cells.append(plain or None if quoted is None else quoted.replace('""', '"'))
        if end != ",":
            return cells
        at = found.end()


def _parsed(form: FieldForm, cell: str) -> Any:
    if not isinstance(form.field, JSONField):
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError) as error:
        msg = f"{form.field} takes JSON, not {shorten(cell)}: {error}"
        raise InvalidValue(msg) from error
