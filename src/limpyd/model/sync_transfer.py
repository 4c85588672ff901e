# Generated from async_transfer.py by `make faces`; edit that file.
"""Getting the objects of models out, and in, on the sync face.

What does it is imported when it is called for, which most programs never do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

from limpyd.model.bulk import USUAL_CHUNK, BulkCreated, FileFormat, OnConflict, OnProgress
from limpyd.model.bulk_input import sync_run_bulk

if TYPE_CHECKING:
    from limpyd.database.sync import RedisDatabase
    from limpyd.schema.schema import Schema
    from limpyd.transfer.export import Export


class Transfer:
    """The part of a model that exports and imports its objects."""

    _names_may_be_fields = True

    if TYPE_CHECKING:
        database: ClassVar[RedisDatabase]

        @classmethod
        def _declared(cls) -> Schema: ...

    @classmethod
    def export(
        cls,
        *,
        format: FileFormat = "jsonl",
        exclude: Collection[str] = (),
        chunk: int = USUAL_CHUNK,
        progress: OnProgress | None = None,
    ) -> Iterator[str]:
        """Yields all objects as lines that `import_` takes: a first line that says what follows, then one for each.

        It reads chunk by chunk, each in one request, and holds one chunk; others read and write meanwhile. Each object
        is as it was in one moment. An object may come twice, if so many are deleted meanwhile that the server makes
        its set of primary keys smaller.

        Args:
            format: "jsonl", JSON lines, which hold all types; or "csv", which holds fields of one value.
            exclude: the names of fields that are left out.
            chunk: about how many objects a request reads.
            progress: called after each chunk with the number of objects so far.

        Raises:
            UnknownField: `exclude` names no field.
            InvalidValue: a field is of a kind that the format does not hold, and is not left out.
            StoredValueError: what is stored does not fit a field's type.
        """
        from limpyd.transfer.export import Export  # noqa: PLC0415 - see above

        return cls._exported(Export(cls._declared(), format, exclude, chunk, progress))

    @classmethod
    def _exported(cls, export: Export) -> Iterator[str]:
        lines = cls.database._walk(export.steps())
        yield export.head
        yield from lines

    @classmethod
    def import_(
        cls,
        lines: Iterable[str | bytes],
        *,
        format: FileFormat = "jsonl",
        exclude: Collection[str] = (),
        on_conflict: OnConflict = "raise",
        new_pks: bool = False,
        from_line: int = 1,
        skip_lines: str = "",
        dry_run: bool = False,
        chunk: int = USUAL_CHUNK,
        progress: OnProgress | None = None,
    ) -> BulkCreated:
        """Creates the objects of lines that `export` gave, chunk by chunk, in constant memory.

        It stores them as `bulk_create` does. They keep their primary keys; automatic ones go on behind them. Values are
        as they were: no default takes the place of one that an object did not have, and no setter of a field is called.

        Args:
            lines: the lines, such as an open file.
            format: "jsonl" or "csv".
            exclude: the names of fields of the file that are left out.
            on_conflict: what becomes of an object whose primary key or unique value belongs to another one: "raise"
                ends with it, "skip" passes over it, "update" gives the values that one.
            new_pks: give new automatic primary keys.
            from_line: pass over the lines before this one, counted from 1, but for the first.
            skip_lines: pass over these lines too, such as "14-20,25", as an `ImportRefused` names them.
            dry_run: look at all lines, and send nothing; what only the server knows is not looked at.
            chunk: how many objects a request carries at most; fewer if they are large.
            progress: called after each chunk with the number of objects done so far.

        Raises:
            ImportRefused: a line was refused: it names the line, and its `__cause__` says why. The objects before it
                are imported; neither it nor any after it is, but for the lines that `skip_lines` names.
            InvalidValue: `lines` is a text or a path; the first line is not that of such a file, or names fields that
                the model does not have, or of other types; or the last line is not whole.
        """
        from limpyd.model.bulk_import import BulkImport  # noqa: PLC0415 - see above

        objects = BulkImport(
            cls._declared(), format, exclude, chunk, on_conflict, new_pks, from_line, skip_lines, dry_run, progress
        )
        objects.check_lines(lines)
        return sync_run_bulk(cls.database, objects, lines)
