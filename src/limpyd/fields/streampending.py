"""The former path of `limpyd.fields.stream`."""

import warnings

from limpyd.fields.stream import Claimed, ClaimedIds, PendingEntry, PendingSummary

__all__ = ["Claimed", "ClaimedIds", "PendingEntry", "PendingSummary"]

warnings.warn("limpyd.fields.streampending is called limpyd.fields.stream now", DeprecationWarning, stacklevel=2)
