"""`limpyd sweep`: removes objects, and values, whose deadline is over."""

from __future__ import annotations

import time
from typing import Any

from limpyd.cli.failures import Ended
from limpyd.cli.model_paths import models_named
from limpyd.cli.options import AsJson, Models, Url
from limpyd.cli.output import printed, table
from limpyd.cli.session import Session


def sweep(names: Models, url: Url = None, as_json: AsJson = False) -> int:
    """Remove expired objects and values with their index entries, while others read and write.

    It may be stopped at any time. Models without a DeadlineField, or a field with expires=True, are passed over.
    """
    results: list[dict[str, Any]] = []
    with Session(models_named(names), url) as session:
        for model in session.models:
            if model._schema.objects_expire or model._schema.lapses:
                began = time.monotonic()
                swept = session.result(model.sweep())
                seconds = round(time.monotonic() - began, 3)
                results.append(
                    {"model": f"{model.__module__}:{model.__qualname__}", "swept": swept, "seconds": seconds}
                )
    rows = [[one["model"], one["swept"], f"{one['seconds']:.1f} s"] for one in results]
    printed(
        {"swept": results},
        lambda console: console.print(table("", ["of", "expired", "in"], rows)),
        as_json=as_json,
    )
    return Ended.WELL
