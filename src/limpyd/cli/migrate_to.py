"""`limpyd migrate --to URL`: moves the objects of models to another database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from limpyd.asyncio import AsyncRedisDatabase
from limpyd.cli.failures import Ended
from limpyd.cli.model_paths import Model
from limpyd.cli.output import printed, shown, table
from limpyd.cli.progress import bar
from limpyd.cli.session import Session
from limpyd.database.sync import RedisDatabase
from limpyd.relocation.declarations import connected_with
from limpyd.relocation.mover import Migrated


def migrate_to(targets: list[Model], url: str | None, to: str, *, as_json: bool) -> int:
    """Moves the objects of models: those that are connected by references together, others one after the other."""
    results: list[dict[str, Any]] = []
    with Session(targets, url) as session:
        for first, *others in _groups(targets):
            with bar(_names([first, *others])) as progress:
                moved: Migrated = _on(
                    session,
                    first,
                    to,
                    lambda there, m=first, o=others, p=progress: m.migrate_to(there, progress=p, with_models=o),
                )
            unindexed = [{"pk": pk, "error": str(error)} for pk, error in moved.unindexed]
            results.append({"model": _names([first, *others]), **moved._asdict(), "unindexed": unindexed})
    printed({"moved": results}, lambda console: _page(console, results), as_json=as_json)
    return Ended.FOUND_SOMETHING if any(one["unindexed"] for one in results) else Ended.WELL


def _groups(targets: list[Model]) -> Iterator[list[Model]]:
    """Yields the models that move together, of those that are named."""
    left = list(targets)
    while left:
        together = {schema.model for schema in connected_with(left[0]._schema)}
        yield [model for model in left if model in together]
        left = [model for model in left if model not in together]


def _names(models: list[Model]) -> str:
    return ", ".join(model.__name__ for model in models)


def abandon(targets: list[Model], url: str | None, to: str, *, as_json: bool) -> int:
    """Gives up the moves of models."""
    text = "removed {:,} keys there; in use here as before"
    return _removed(targets, url, to, "abandon_migration", text, as_json)


def delete_source(targets: list[Model], url: str | None, to: str, *, as_json: bool) -> int:
    """Deletes what is left of models where their objects were."""
    return _removed(targets, url, to, "delete_migrated", "deleted {:,} keys where the objects were", as_json)


def _removed(targets: list[Model], url: str | None, to: str, method: str, text: str, as_json: bool) -> int:
    results: list[dict[str, Any]] = []
    with Session(targets, url) as session:
        for first, *others in _groups(targets):
            keys: int = _on(
                session, first, to, lambda there, m=first, o=others: getattr(m, method)(there, with_models=o)
            )
            results.append({"model": _names([first, *others]), "keys": keys})

    def page(console: Console) -> None:
        for one in results:
            console.print(Text(shown(f"{one['model']}: {text.format(one['keys'])}")))

    printed({"removed": results}, page, as_json=as_json)
    return Ended.WELL


def _on(session: Session, model: Model, to: str, call: Any) -> Any:
    """Returns the result of a call with the other database, which is of the same face as the model."""
    kind: Any = RedisDatabase if isinstance(model.database, RedisDatabase) else AsyncRedisDatabase
    there = kind.from_url(to)
    try:
        return session.result(call(there))
    finally:
        session.result(there.close())


def _page(console: Console, results: list[dict[str, Any]]) -> None:
    for one in results:
        if one["objects"] or one["copied"]:
            text = f"moved {one['objects']:,} objects; writers were refused for {one['pause']:.1f} s"
        else:
            text = "the objects have all arrived"
        console.print(Text(shown(f"{one['model']}: {text}")))
        if one["unindexed"]:
            rows = [[each["pk"], each["error"]] for each in one["unindexed"]]
            console.print(table("Not indexed:", ["primary key", "why"], rows))
