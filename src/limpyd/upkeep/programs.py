"""How indexes are built and cleared: in many short steps, so that others wait for none of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from limpyd.exceptions import IndexNotBuilt
from limpyd.keys import Partition
from limpyd.requests import Program, Request
from limpyd.scripts.outcomes import Model
from limpyd.upkeep import steps
from limpyd.upkeep.declared import DeclaredIndex

OnProgress = Callable[[int, int], object]
"""Is told how much is done, and of how much."""
MOST_BEGINNINGS = 20
"""How often a rebuild may be made to begin from the start."""


def rebuild(
    model: Model,
    where: Partition,
    indexes: Sequence[DeclaredIndex],
    progress: OnProgress | None,
    chunk_size: int | None = None,
) -> Program[None]:
    """Builds indexes, one after the other; what is counted are objects, once for each."""
    objects, left = yield steps.begin_rebuild(model, where, indexes)
    for number, index in enumerate(left, len(indexes) - len(left)):
        built, begun = False, 0
        while not built:
            done = yield steps.rebuild(model, where, index, chunk_size)
            built = done.built
            begun += done.begun
            if begun > MOST_BEGINNINGS:
                raise _interrupted(model, index)
            if progress is not None:
                progress(round((number + done.share) * objects), objects * len(indexes))


def _interrupted(model: Model, index: DeclaredIndex) -> IndexNotBuilt:
    error = IndexNotBuilt(model.name, index.kept.field.name, str(index.kept.index))
    error.add_note(
        f"the rebuild was made to begin from the start {MOST_BEGINNINGS} times: a process whose {model.name} does not "
        f"declare this index writes objects, or the index is cleared; end that process first"
    )
    return error


def clear(
    model: Model, where: Partition, indexes: Sequence[DeclaredIndex], chunk_size: int | None = None
) -> Program[None]:
    """Removes all that indexes hold. From the beginning they count as not built."""
    names = [index.name for index in indexes]
    keys = [key for index in indexes for key in index.keys]
    beginnings = [beginning for index in indexes for beginning in index.beginnings]
    own = {index.kept.template for index in indexes}
    spared = [key for index in indexes for key in index.spared if key not in own]
    yield from _clear(lambda cursor: steps.clear(model, where, names, keys, beginnings, cursor, spared, chunk_size))


def clear_all(model: Model, where: Partition) -> Program[None]:
    """Removes all that the indexes of a model hold, also those that are no longer declared."""
    yield from _clear(lambda cursor: steps.clear(model, where, None, [], where.index_prefixes, cursor))


def _clear(step: Callable[[bytes], Request[bytes]]) -> Program[None]:
    cursor = yield step(b"0")
    while cursor != b"0":
        cursor = yield step(cursor)
