# Generated from async_maintenance.py by `make faces`; edit that file.
"""The upkeep of the data of models on the sync face: indexes, checks, moves from another name, and scans of keys.

Checks and moves are imported when they are called for, which most programs never do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from limpyd.database.key_scan import WALK, scan_model
from limpyd.indexes.maintenance.generators import OnProgress
from limpyd.model.sync_construction import Construction
from limpyd.requests.sync_runner import sync_run

if TYPE_CHECKING:
    from limpyd.integrity import Repair, Report
    from limpyd.migrations.generators import Moved
    from limpyd.relocation.mover import Migrated
    from limpyd.repartitioning.mover import Repartitioned


class Maintenance(Construction):
    """The part of a model that maintains its data as a whole."""

    abstract = True

    @classmethod
    def rebuild_indexes(cls, progress: OnProgress | None = None) -> None:
        """Builds all indexes of the model, while others read and write.

        Objects are entered, and entries that none gives are removed, in short steps. If it is stopped, the next call
        goes on where it was. All processes should know the indexes by then: an older version of the class does not
        keep them.

        Args:
            progress: called from time to time with what is done and the whole: objects, once for each index.

        Raises:
            UniquenessError: two objects have one value, which should be unique.
            InvalidValue: an object has a value that an index cannot keep.
        """
        rebuilding: None = cls._declared().maintenance.rebuild(progress=progress)
        return rebuilding

    @classmethod
    def clear_indexes(cls) -> None:
        """Removes all that indexes of the model hold, also those that are no longer declared.

        Until they are built again, filters that need them raise `IndexNotBuilt`, and values are not unique.
        """
        clearing: None = cls._declared().maintenance.clear()
        return clearing

    @classmethod
    def check(cls, repair: Repair = False, progress: OnProgress | None = None) -> Report:
        """Compares the indexes of the model, and all its keys, with what its objects have, while others read and write.

        It goes in many short steps (SCAN, SSCAN and scripts), each of which judges by what there is in one moment.

        Args:
            repair: put right what can be without losing data, if True; also what only can by removing some, if
                "all"; or only findings of these kinds (see `limpyd.integrity.KINDS`).
            progress: called from time to time with what is done and the whole: keys of the database and objects.

        Raises:
            InvalidValue: `repair` names no kind of findings that can be repaired.
        """
        from limpyd.integrity.generators import check  # noqa: PLC0415 - see above

        return cls.database._run_program(check([cls._declared()], repair, progress, all_models=False))

    @classmethod
    def rename_from(cls, former_name: str, /, progress: OnProgress | None = None) -> Moved:
        """Moves the objects of this model from the name that it had: its class, namespace or `model_name` has changed.

        It goes on while others read and write, in steps of some milliseconds. Each object is moved as a whole, its
        values with their expiries, its index entries and its membership, or stays as it is. If it is stopped, however,
        the next call goes on; called once more, it moves what processes with the old class have written meanwhile.
        References to the objects stay valid, since primary keys stay the same. When no object is left, so is nothing
        else of the former name (RENAMENX; on a cluster of one node RESTORE).

        Args:
            former_name: what the class was called, in the same namespace and in any case of letters; or
                `namespace:model` as in its keys, without a namespace `:model`.
            progress: called from time to time with the numbers of objects moved, and of all.

        Returns:
            A `Moved`: how many objects were moved; which ones were not, with the error of each, such as one whose
            primary key or unique value another object has under the new name; and which keys of no object had to stay.

        Raises:
            InvalidValue: the name is that of no model, or of one that is still declared on this database; or neither
                that name nor this one has any objects.
            DifferentPartitions: the objects are in another number of partitions than this model declares.
            ServerError: the new keys are on another node of a cluster, or the server refuses a command.
        """
        from limpyd.migrations.renames import from_model  # noqa: PLC0415 - see above

        return cls.database._run_program(from_model(cls._declared(), former_name, progress))

    @classmethod
    def rename_field(cls, old: str, new: str, /, progress: OnProgress | None = None) -> Moved:
        """Moves the values of a field from the name that it had, in all objects.

        Like `rename_from`: while others read and write, each object as one step, and to be called again if it was
        stopped. Until it has come to its end, filters on an index of the field raise `IndexNotBuilt`.

        Args:
            old: what the field was called.
            new: what it is called now.
            progress: called from time to time with the numbers of objects checked, and of all.

        Returns:
            A `Moved`: how many objects had a value under the old name only; and those that have one under both, with
            the error of each, which were left as they are.

        Raises:
            UnknownField: `new` is no field of the model.
            InvalidValue: `old` is still one, or cannot have been one.
            ServerError: the server refuses a command.
        """
        from limpyd.migrations.renames import from_field  # noqa: PLC0415 - see above

        return cls.database._run_program(from_field(cls._declared(), old, new, progress))

    @classmethod
    def migrate_from_limpyd2(cls, former_name: str | None = None, /, progress: OnProgress | None = None) -> Moved:
        """Moves the objects of this model from where redis-limpyd 2 keeps them, in this database.

        Like `rename_from`: while others read and write, each object as one step, and to be called again if it was
        stopped. Processes that still write with limpyd 2, or with `layout="limpyd2"`, do not see what was moved; called
        once more, it moves what they have written meanwhile. When no object is left, so is nothing of its indexes.

        Args:
            former_name: what the model is called there, `model` or `namespace:model`; by default as here.
            progress: called from time to time with the numbers of objects moved, and of all.

        Returns:
            A `Moved`: how many objects were moved; which ones were not, with the error of each, such as one with a
            value that does not fit an index here; and which keys of no object are left.

        Raises:
            InvalidValue: the model is declared on a database of that layout, or the name is that of no model.
            ServerError: the server refuses a command.
        """
        from limpyd.migrations.renames import from_limpyd2  # noqa: PLC0415 - see above

        return cls.database._run_program(from_limpyd2(cls._declared(), former_name, progress))

    @classmethod
    def repartition(cls, progress: OnProgress | None = None) -> Repartitioned:
        """Moves the objects of this model to the number of partitions that it declares, which is greater than theirs.

        Other processes go on using the model, and those that it is connected with by references, whether they declare
        the former number or this one: calls wait for objects that are on their way. This process has to declare all
        models that refer to the objects. If the model has one partition so far, requests of all processes are refused
        until the end (`DifferentPartitions`), except plain reads of processes that declare one partition and do not
        find what has moved; so end those first. It begins with a pause of ten seconds, in which
        processes notice it. If it is stopped, however, the next call goes on; several may run at once. On a cluster,
        objects move from node to node (DUMP, RESTORE).

        Args:
            progress: called from time to time with the numbers of objects looked at, and of all.

        Returns:
            A `Repartitioned`: how many objects this call has moved; and the objects that an index refused, with the
            error of each.

        Raises:
            DifferentPartitions: the objects are in more partitions, or are being moved to another number.
            UnsupportedCommand: models may refer to the objects that this process does not declare; or the model is
                connected with others by references, and has one partition so far.
            InvalidValue: the model is declared with one partition, or in the layout of limpyd 2.
            MoveConflict: a key of an object exists already where it moves to.
            ServerError: the server refuses a command.
        """
        from limpyd.repartitioning.mover import repartition  # noqa: PLC0415 - see above

        return cls.database._run_program(repartition(cls._declared(), progress))

    @classmethod
    def migrate_to(
        cls, database: Any, /, progress: OnProgress | None = None, *, with_models: Sequence[Any] = ()
    ) -> Migrated:
        """Moves the objects of this model to another database, such as one of a cluster, while they are in use.

        Objects are copied while other processes read and write. Then writes are refused here (`Relocated`), the last
        changes are copied, and the model is open there. It has as many partitions there as this class declares, and
        here as many as is recorded here. If it is stopped, the next call goes on; before the end it can be given up
        (`abandon_migration`). Nothing is deleted here (`delete_migrated`). Values keep their expiries, and no automatic
        primary key is given out twice (DUMP, RESTORE).

        Args:
            database: where the objects are to go, of the same face as that of the model. This class stays on its own.
            progress: called from time to time with the numbers of objects compared, and to be compared.
            with_models: the models whose objects move in the same migration: all that are connected with this one by
                references, or with `colocate_with`. For all of them writes are refused at the same time.

        Returns:
            A `Migrated`: the number of objects there, of copies that were made, the seconds for which writes were
            refused, and the objects that an index refused, with the error of each.

        Raises:
            InvalidValue: the database is the same, of the other face, or has not enough memory; or one is in the layout
                of limpyd 2; or a model is missing that is connected with this one.
            UnsupportedCommand: a model refers to one of these that this process does not declare.
            MoveConflict: there are objects of a model already, or another move or call is under way.
            DifferentPartitions: the objects are being moved to another number of partitions.
            ServerError: the server there cannot restore what the one here dumps, or refuses a command.
        """
        from limpyd.relocation.mover import migrate  # noqa: PLC0415 - see above

        steps = migrate([cls, *with_models], cls.database, database, progress)
        return sync_run(steps, lambda step: step.database._run_program(step.program))

    @classmethod
    def abandon_migration(cls, database: Any, /, *, with_models: Sequence[Any] = ()) -> int:
        """Gives up a move to another database before its end: copies there are removed, and writes here go on.

        Args:
            database: where the objects were to go.
            with_models: as for `migrate_to`.

        Returns:
            The number of keys that were removed there; 0 if there was no such move.

        Raises:
            MoveConflict: the objects are there already, or another call goes on with the move.
            InvalidValue: a model is missing that is connected with this one.
        """
        from limpyd.relocation.removal import abandon  # noqa: PLC0415 - see above

        steps = abandon([cls, *with_models], cls.database, database)
        return sync_run(steps, lambda step: step.database._run_program(step.program))

    @classmethod
    def delete_migrated(cls, database: Any, /, *, with_models: Sequence[Any] = ()) -> int:
        """Deletes what is left here of the model after its objects have moved to another database (SCAN, UNLINK).

        Processes that still use this database are refused as before.

        Args:
            database: where the objects are.
            with_models: as for `migrate_to`.

        Returns:
            The number of keys that were removed.

        Raises:
            MoveConflict: the objects have not all been moved from here to that database.
            InvalidValue: a model is missing that is connected with this one.
        """
        from limpyd.relocation.removal import delete_migrated  # noqa: PLC0415 - see above

        steps = delete_migrated([cls, *with_models], cls.database, database)
        return sync_run(steps, lambda step: step.database._run_program(step.program))

    @classmethod
    def scan_model_keys(cls, count: int = 1000) -> Iterator[str]:
        """Yields the names of all keys of the model (SCAN): it walks the whole database, about `count` at a time."""
        yield from cls.database._walk(scan_model(cls._declared().keys, count))

    def scan_keys(self, count: int | None = None) -> Iterator[str]:  # noqa: ARG002 - of limpyd 2
        """Yields the names of the keys that hold the values of this object, in one request, whatever `count` is."""
        self.database._at_once(*WALK)
        yield from self._asked(self._existing_keys)
