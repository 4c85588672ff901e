"""The former path of `limpyd.integrity`."""

import warnings

from limpyd.integrity import KINDS, Finding, Kind, KindFacts, Repair, Report

__all__ = ["KINDS", "Finding", "Kind", "KindFacts", "Repair", "Report"]

warnings.warn("limpyd.checking is called limpyd.integrity now", DeprecationWarning, stacklevel=2)
