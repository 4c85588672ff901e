"""`limpyd migrate --to URL`: moves the objects of models to another database."""

from __future__ import annotations

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
from limpyd.relocation.mover import Migrated


def migrate_to(targets: list[Model], url: str | None, to: str, *, as_json: bool) -> int:
    """Moves the objects of models, one model after the other."""
    results: list[dict[str, Any]] = []
    with Session(targets, url) as session:
        for model in targets:
            with bar(model.__name__) as progress:
                moved: Migrated = _on(
                    session, model, to, lambda there, m=model, p=progress: m.migrate_to(there, progress=p)
                )
            unindexed = [{"pk": pk, "error": str(error)} for pk, error in moved.unindexed]
            results.append({"model": model.__name__, **moved._asdict(), "unindexed": unindexed})
    printed({"moved": results}, lambda console: _page(console, results), as_json=as_json)
    return Ended.FOUND_SOMETHING if any(one["unindexed"] for one in results) else Ended.WELL


def abandon(targets: list[Model], url: str | None, to: str, *, as_json: bool) -> int:
    """Gives up the moves of models."""
    return _removed(
        targets, url, to, "abandon_migration", "removed {:,} keys there; it is in use here as before", as_json
    )


def delete_source(targets: list[Model], url: str | None, to: str, *, as_json: bool) -> int:
    """Deletes what is left of models where their objects were."""
    return _removed(targets, url, to, "delete_migrated", "deleted {:,} keys where its objects were", as_json)


def _removed(targets: list[Model], url: str | None, to: str, method: str, text: str, as_json: bool) -> int:
    results: list[dict[str, Any]] = []
    with Session(targets, url) as session:
        for model in targets:
            keys: int = _on(session, model, to, getattr(model, method))
            results.append({"model": model.__name__, "keys": keys})

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
            text = "its objects have all arrived"
        console.print(Text(shown(f"{one['model']}: {text}")))
        if one["unindexed"]:
            rows = [[each["pk"], each["error"]] for each in one["unindexed"]]
            console.print(table("Not indexed:", ["primary key", "why"], rows))
