"""Calls of a model with an indexed `title` and a `note`, which every process is refused that may not use the model."""

from __future__ import annotations

CALLS = {
    "create": lambda model: model.create(title="x"),
    "get": lambda model: model.get(1),
    "exists": lambda model: model.exists(1),
    "exists by an index": lambda model: model.exists(title="x"),
    "count": lambda model: model.collection().count(),
    "query": lambda model: model.collection(title="x").all(),
    "sort": lambda model: model.collection().sort("title").all(),
    "read": lambda model: model.lazy_connect(1).note.get(),
    "write": lambda model: model.lazy_connect(1).note.set("x"),
    "write an index": lambda model: model.lazy_connect(1).title.hset("x"),
    "entries": lambda model: model.lazy_connect(1).hmget("title"),
    "values": lambda model: model.lazy_connect(1).values(),
    "exists of an object": lambda model: model.lazy_connect(1).pk.exists(),
    "delete": lambda model: model.lazy_connect(1).delete(),
    "delete all": lambda model: model.collection().delete(),
    "update all": lambda model: model.collection().update(title="y"),
    "rebuild": lambda model: model.rebuild_indexes(),
    "check": lambda model: model.check(),
}

PLAIN_READS = [
    CALLS[name]
    for name in (
        "get",
        "exists",
        "count",
        "sort",
        "read",
        "entries",
        "values",
        "exists of an object",
        "delete all",
        "update all",
    )
]
"""Those of which a process of one partition sends only plain commands, which rest on no catalog."""
