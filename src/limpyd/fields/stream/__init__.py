"""StreamField: a Redis stream."""

from limpyd.fields.stream.commands import BoundStream, StreamField
from limpyd.fields.stream.entries import StreamEntry
from limpyd.fields.stream.pending import Claimed, ClaimedIds, PendingEntry, PendingSummary

__all__ = ["BoundStream", "Claimed", "ClaimedIds", "PendingEntry", "PendingSummary", "StreamEntry", "StreamField"]
