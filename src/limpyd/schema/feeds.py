"""The feed of changes that a model declares, as scripts take it."""

from __future__ import annotations

import json
import re
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.keys import to_bytes, to_text
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.utils.cached_properties import cached_property
from limpyd.utils.suggestions import did_you_mean

NUMBER = rb":\d+\.?\d*(?=\})"
"""The number of a partition in a hash tag; compiled when it is needed, as importing limpyd should cost little."""


class Fed:
    """The part of a schema that knows its feed of changes."""

    model: Any

    @cached_property
    def feed(self) -> Any:
        """The ChangeFeed of the model; None if its changes are not recorded."""
        return declared_feed(self.model)

    @cached_property
    def feeds(self) -> bytes:
        """The settings of its feed for scripts; empty if it has none. Raises as `feed_settings`."""
        return feed_settings(self, self.feed)


def declared_feed(model: type) -> Any:
    """Returns the ChangeFeed of a class, or of a base class; None if it has none, or takes it away by `name = None`.

    Raises:
        DeclarationError: there are two.
    """
    found: dict[str, Any] = {}
    for base in reversed(model.__mro__):
        for name, value in vars(base).items():
            found.pop(name, None)
            if getattr(value, "is_feed", False):
                found[name] = value
    if len(found) > 1:
        msg = f"{model.__name__} has two feeds of changes: {' and '.join(found)}; keep one"
        raise DeclarationError(msg)
    for name, feed in found.items():
        if name.startswith("_") or any(hasattr(base, name) for base in model.__mro__ if _is_ours(base)):
            msg = f"{model.__name__}.{name}: a feed of changes cannot have this name; call it `changes`"
            raise DeclarationError(msg)
        return feed
    return None


def _is_ours(base: type) -> bool:
    return base.__module__.startswith("limpyd.")


def feed_settings(schema: Any, feed: Any) -> bytes:
    """Returns the settings of the feed of a model for scripts (see lua/recording.lua).

    Raises:
        DeclarationError: it names what is no field, or the model is in the layout of limpyd 2.
    """
    if feed is None:
        return b""
    prefix = schema.keys.first.prefix
    if isinstance(schema.keys.first, Limpyd2Partition):
        msg = f"{schema.name}.{feed.name}: changes cannot be recorded in the layout of limpyd 2; use another database"
        raise DeclarationError(msg)
    known = [*schema.value_fields, *schema.dynamic]
    for name in feed.fields or ():
        if name not in known:
            msg = f"{schema.name}.{feed.name}: {schema.name} has no field {name!r}{did_you_mean(name, known)}"
            raise DeclarationError(msg)
    if schema.keys.count > 1:
        prefix = re.sub(NUMBER, b"", prefix)
    settings = {"maxlen": feed.max_length, "version": to_text(schema.version_sub or b"")}
    if feed.fields:
        settings["fields"] = dict.fromkeys(feed.fields, 1)
    text = json.dumps({to_text(prefix): settings}, ensure_ascii=False, separators=(",", ":"))
    return to_bytes(text[1:-1])
