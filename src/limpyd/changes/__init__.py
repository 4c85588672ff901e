"""Changes as a stream: the declaration of a feed, and reading it (see lua/recording.lua for how it is written)."""

from limpyd.changes.change import Change
from limpyd.changes.feed import ChangeFeed

__all__ = ["Change", "ChangeFeed"]
