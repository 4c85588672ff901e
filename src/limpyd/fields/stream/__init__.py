"""StreamField: a Redis stream."""

from limpyd.fields.stream.claims import Claimed, ClaimedIds
from limpyd.fields.stream.commands import BoundStream
from limpyd.fields.stream.entries import StreamEntry
from limpyd.fields.stream.field import StreamField
from limpyd.fields.stream.pending import PendingEntry, PendingSummary

__all__ = ["BoundStream", "Claimed", "ClaimedIds", "PendingEntry", "PendingSummary", "StreamEntry", "StreamField"]
