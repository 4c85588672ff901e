"""The import of objects from lines. Each object gets the primary key of its line, or a new one."""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, Collection, Iterable, Sequence
from os import PathLike
from typing import Any, NoReturn

from limpyd.exceptions import (
    BulkError,
    ImportRefused,
    InvalidPrimaryKey,
    InvalidValue,
    UniquenessError,
    ranges,
    shorten,
)
from limpyd.fields.checks import integer
from limpyd.keys import Partition, to_text
from limpyd.keys.by_partition import ByPartition
from limpyd.model.bulk import BulkCreated, FileFormat, OnConflict, OnProgress
from limpyd.model.bulk_create import BulkCreate, CreateChunk, Row
from limpyd.model.crud import nothing_to_store, object_with_pk
from limpyd.model.updates import assigned_as_given
from limpyd.relations.references import ReferenceField
from limpyd.requests.request import Program
from limpyd.schema.schema import Schema
from limpyd.scripts.counter import raise_counter
from limpyd.transfer.formats import reader_for

AUTOMATIC = re.compile(rb"[1-9][0-9]{0,17}")
"""Primary keys that a counter can go on behind."""
BYTE_ORDER_MARK = "\ufeff"


class BulkImport(BulkCreate):
    """Creates objects from lines.

    Args:
        schema: the model.
        file_format: the format of the lines.
        exclude: the names of fields that are left out.
        chunk: the maximum number of objects per request.
        on_conflict: `raise`, `skip` or `update`, for an object that conflicts with another one.
        new_pks: create new automatic primary keys, and ignore the primary keys of the lines.
        from_line: the first line to import.
        skip_lines: the lines after it that are left out, such as "14-20,25".
        dry_run: check all lines, and send nothing.
        progress: called after each chunk with the number of objects so far.
    """

    operation = "import_"

    def check_lines(self, lines: Any) -> None:
        """Refuses what has no lines of text.

        Raises:
            InvalidValue: it is one text, a path, or no iterable.
        """
        if isinstance(lines, str | bytes | PathLike) or not isinstance(lines, Iterable | AsyncIterable):
            msg = (
                f"{self._name} takes lines, such as an open file, not {shorten(lines)}. Open a file with "
                f"open(path, encoding='utf-8', newline=''), and pass that"
            )
            raise InvalidValue(msg)

    def __init__(
        self,
        schema: Schema,
        file_format: FileFormat,
        exclude: Collection[str],
        chunk: int,
        on_conflict: OnConflict,
        new_pks: bool,
        from_line: int,
        skip_lines: str,
        dry_run: bool,
        progress: OnProgress | None,
    ) -> None:
        if isinstance(exclude, str | bytes):
            msg = f"exclude takes names of fields, such as ({exclude!r},), not {exclude!r}"
            raise InvalidValue(msg)
        if new_pks and not schema.mints_pks:
            msg = f"{schema.name} has no automatic primary keys, so an import cannot create new ones"
            raise InvalidPrimaryKey(msg)
        self._reader = reader_for(schema, file_format, frozenset(exclude))
        self._names: list[str] | None = None
        self._new_pks = new_pks
        self._from_line = integer("from_line", from_line, low=1)
        self._skipped = lines_of(skip_lines)
        self._dry_run = dry_run
        self._line = 0
        self._first_of_record = 1
        self._raised: ByPartition[int] = ByPartition(lambda _: 0)
        super().__init__(schema, chunk, on_conflict, pks=False, progress=progress)

    def all(self, items: Iterable[Any]) -> Program[BulkCreated]:
        """Takes all lines."""
        try:
            result = yield from super().all(items)
        except ImportRefused:
            raise
        except BulkError as error:
            self._refuse(error)
        if self._names is None or self._first_of_record <= self._line:
            what = "has no first line" if self._names is None else f"ends within the record at line {self._line}"
            msg = f"{self._name}: the file {what}; it is incomplete. The lines before are imported: {result}"
            raise InvalidValue(msg)
        if self._from_line > self._line + 1:
            msg = f"{self._name}: from_line={self._from_line}, but the file has {self._line} lines; nothing is imported"
            raise InvalidValue(msg)
        return result

    def one(self, item: Any) -> Program[None]:
        """Takes one line."""
        self._line += 1
        try:
            record = self._reader.record(self._text(item))
        except InvalidValue as error:
            yield from self.rest()
            raise self._refusal(self._line, self._taken, error) from error
        if record is None:
            return
        if self._names is None:
            self._names = self._reader.read_head(record)
            self._check_references(self._names)
        elif record.strip() and self._first_of_record >= self._from_line and not self._is_skipped():
            try:
                yield from super().one(record)
            except BulkError as error:
                self._refuse(error)
        self._first_of_record = self._line + 1

    def rest(self) -> Program[None]:
        """Stores the objects of the unfinished chunks."""
        if not self._dry_run:
            yield from super().rest()
        elif self._lines:
            self._done = self._taken
            self.result = BulkCreated(self._done)
            self._empty()
            if self._progress is not None:
                self._progress(self._done)

    def _sent(self, chunks: list[CreateChunk]) -> Program[None]:
        """Sends chunks, after raising the counters to their highest primary keys."""
        raised = {one: pk for one, pk in self._highest.items() if pk > self._raised[one]}
        requests = [raise_counter(self._schema, partition, pk) for partition, pk in raised.items()]
        if requests:
            yield requests if len(requests) > 1 else requests[0]
            self._raised.update(raised)
        yield from super()._sent(chunks)

    def _empty(self) -> None:
        super()._empty()
        self._lines: dict[int, int] = {}  # by position

    def _begin_chunks(self) -> None:
        super()._begin_chunks()
        self._highest: dict[Partition, int] = {}

    def _is_skipped(self) -> bool:
        return any(self._first_of_record in lines for lines in self._skipped)

    def _add(self, item: str) -> CreateChunk:
        pk, values, more = self._reader.read(item)
        pk = self._pk(pk)
        chunk = self._chunk_of(pk, values)
        names = self._names or ()
        update = None
        if chunk.updates is not None:
            missing = {name: None for name in names if name not in self._schema.dynamic}
            update = self._to_update(missing | values)
        for name in names:  # what has no value in the file gets no default
            field = self._schema.value_fields.get(name)
            if name not in values and field is not None and field.default is not None:
                values[name] = None
        plan = chunk.plan((*values, "pk") if pk is not None else tuple(values))
        if more or plan is None or not plan.add_to(chunk.objects, pk, values):
            new = object_with_pk(self._schema, pk, values, partition=chunk.partition)
            if pk is None and new.empty and not more:
                raise nothing_to_store(self._schema)
            for each in more:
                entry = each.entry(chunk.partition)
                new.entries += entry
                new.claims.append((each.field, entry[-1], each.sub))
            chunk.objects.add_any(new)
        if chunk.updates is not None and update is not None:
            chunk.updates.add(None, update)
            chunk.keep_row(Row(item, update, more))
        self._lines[self._taken] = self._first_of_record
        return chunk

    def _to_update(self, values: Any) -> list[Any]:
        return assigned_as_given(self._schema, values) if values else []

    def _pk(self, pk: bytes | None) -> bytes | None:
        if self._new_pks:
            return None
        if pk is None:
            cure = "; to get new primary keys, import with new_pks=True" if self._schema.mints_pks else ""
            msg = f"the object has no primary key, pk{cure}"
            raise InvalidPrimaryKey(msg)
        if self._schema.mints_pks:
            if AUTOMATIC.fullmatch(pk) is None:
                msg = (
                    f"{shorten(to_text(pk))} is not an automatic primary key of {self._schema.name}, such as 1, 2 "
                    "or 3; to get new primary keys, import with new_pks=True"
                )
                raise InvalidPrimaryKey(msg)
            partition = self._schema.keys.partition(pk)
            self._highest[partition] = max(self._highest.get(partition, 0), int(pk))
        return pk

    def _check_references(self, names: Iterable[str]) -> None:
        """Refuses new primary keys if objects of the file refer to each other by the old ones."""
        fields = {name: self._template(name) for name in names}
        own = [
            name
            for name, field in fields.items()
            if isinstance(field, ReferenceField) and field.has_target and field.target is self._schema
        ]
        if self._new_pks and own:
            msg = (
                f"{self._name}: {', '.join(own)} refers to objects of {self._schema.name} by their old primary "
                f"keys; keep these, or leave out the field with exclude={own}"
            )
            raise InvalidValue(msg)

    def _template(self, name: str) -> Any:
        dynamic = self._schema.dynamic
        return dynamic[name].template if name in dynamic else self._schema.value_fields[name]

    def _text(self, item: Any) -> str:
        if isinstance(item, bytes):
            try:
                item = item.decode()
            except UnicodeDecodeError as error:
                msg = f"it is not UTF-8: {error}"
                raise InvalidValue(msg) from error
        if not isinstance(item, str):
            msg = f"{self._name} takes lines of text, such as those of an open file, not {shorten(item)}"
            raise InvalidValue(msg)
        return item.removeprefix(BYTE_ORDER_MARK) if self._line == 1 else item

    def _refuse(self, error: BulkError) -> NoReturn:
        line = self._lines.get(error.position, self._first_of_record)
        cause: Any = error.__cause__
        raise self._refusal(line, error.position, cause, error.done_after) from cause

    def _refusal(self, line: int, position: int, cause: Exception, done_after: Sequence[int] = ()) -> ImportRefused:
        if self._dry_run:
            advice = "This was a dry run, so nothing is stored. Correct the line, and start again"
            return ImportRefused(self._name, line, position, self.result, cause, advice)
        done = {self._lines[position] for position in done_after}
        done.update(number for lines in self._skipped for number in lines if number > line)
        skip = ranges(sorted(done))
        others, option = (f", but for the lines {skip}", f", skip_lines={skip!r}") if skip else ("", "")
        advice = (
            f"It and the lines after it were not imported{others}; the lines before it are done: {self.result}. "
            f"Correct the line, and continue with from_line={line}{option}"
        )
        if isinstance(cause, UniquenessError) and self._on_conflict == "raise":
            advice += "; or, if these objects already exist, import with on_conflict='skip' or 'update'"
        return ImportRefused(self._name, line, position, self.result, cause, advice, skip, done_after)


def lines_of(text: str) -> list[range]:
    """Returns the lines that a text such as "14-20,25" names.

    Raises:
        InvalidValue: it is no such text.
    """
    try:
        ends = [part.split("-") if "-" in part else (part, part) for part in text.split(",") if text]
        return [range(int(first), int(last) + 1) for first, last in ends]
    except (AttributeError, ValueError):
        msg = f'skip_lines takes the numbers of lines, such as "14-20,25", not {shorten(text)}'
        raise InvalidValue(msg) from None
