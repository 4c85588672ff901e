"""The export of all objects of a model: a walk in chunks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from limpyd.fields.checks import integer
from limpyd.query.collection.core import CollectionCore
from limpyd.query.query import Query
from limpyd.query.results.columns import Column, columns_of
from limpyd.query.results.projections import Projection
from limpyd.requests.request import Walk
from limpyd.schema.schema import Schema
from limpyd.transfer.formats import writer_for
from limpyd.transfer.restored_forms import RestoredForm
from limpyd.transfer.version_forms import VersionsForm

OnProgress = Callable[[int], object]
"""Called with the number of objects done so far."""
USUAL_CHUNK = 200


class Lines(Projection):
    """A line for each object."""

    def __init__(self, columns: Sequence[Column], line: Callable[[bytes, Sequence[Any]], str]) -> None:
        self.columns = tuple(columns)
        self._line = line

    def items(self, replies: list[Any]) -> list[str]:
        width = len(self.columns)
        return [self._one(replies[at : at + width]) for at in range(0, len(replies), width)]

    read = items

    def _one(self, row: list[Any]) -> str:
        try:
            return self._line(row[0], row[1:])
        except (ValueError, OverflowError):
            for column, reply in zip(self.columns, row, strict=True):
                column.refuse(reply, row[0])
            raise


class Export:
    """All objects of a model as lines.

    Args:
        schema: the model.
        file_format: the format.
        exclude: the names of fields that are left out.
        chunk: about how many objects a request reads.
        progress: called after each chunk with the number of objects so far.

    Raises:
        UnknownField: `exclude` names no field.
        InvalidValue: a field is of a kind that the format does not hold, and is not left out.
    """

    def __init__(
        self,
        schema: Schema,
        file_format: str,
        exclude: Collection[str],
        chunk: int,
        progress: OnProgress | None,
    ) -> None:
        self._schema = schema
        self._writer, forms = writer_for(schema, file_format, exclude)
        fields = [form.name for form in forms if not isinstance(form, RestoredForm | VersionsForm)]
        self._columns = columns_of(schema, ("pk", *fields), scored=False)
        self._columns += [form.column for form in forms if isinstance(form, RestoredForm | VersionsForm)]
        self._columns += self._writer.more
        self._chunk = integer("chunk", chunk, low=1)
        self._progress = progress

    @property
    def head(self) -> str:
        """The first line."""
        return self._writer.head()

    def steps(self) -> Walk[str]:
        """The steps of the walk through all objects."""
        projection = Lines(self._columns, self._writer.line)
        found: CollectionCore[str, Any] = CollectionCore(self._schema.model, self._schema, Query(projection=projection))
        step, done = found._steps(self._chunk), 0

        def counted(reply: tuple[bytes, list[str]]) -> tuple[bytes, list[str]]:
            nonlocal done
            done += len(reply[1])
            if self._progress is not None and reply[1]:
                self._progress(done)
            return reply

        return lambda cursor: step(cursor).then(counted)
