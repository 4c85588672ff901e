"""The formats of files."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.schema.schema import Schema
from limpyd.transfer.csv_records import CSVReader, CSVWriter
from limpyd.transfer.declared_forms import exported_forms
from limpyd.transfer.field_forms import FieldForm
from limpyd.transfer.json_lines import JSONLinesReader, JSONLinesWriter

WRITERS: dict[str, type[JSONLinesWriter | CSVWriter]] = {"jsonl": JSONLinesWriter, "csv": CSVWriter}
READERS: dict[str, type[JSONLinesReader | CSVReader]] = {"jsonl": JSONLinesReader, "csv": CSVReader}


def _chosen(classes: dict[str, Any], given: Any) -> Any:
    if given not in classes:
        msg = f"format is one of {', '.join(map(repr, classes))}, not {shorten(given)}"
        raise InvalidValue(msg)
    return classes[given]


def writer_for(
    schema: Schema, file_format: str, exclude: Collection[str]
) -> tuple[JSONLinesWriter | CSVWriter, list[FieldForm]]:
    """The writer of a format, and the forms of the fields.

    Raises:
        UnknownField: `exclude` names no field.
        InvalidValue: there is no such format, or it does not hold a field.
    """
    kind = _chosen(WRITERS, file_format)
    forms = exported_forms(schema, exclude)
    return kind(schema, forms), forms


def reader_for(schema: Schema, file_format: str, exclude: frozenset[str]) -> JSONLinesReader | CSVReader:
    """The reader of a format.

    Raises:
        InvalidValue: there is no such format.
    """
    reader: JSONLinesReader | CSVReader = _chosen(READERS, file_format)(schema, exclude)
    return reader
