"""Checking data: whether indexes and values agree, and whether all keys are explained; and putting it right."""

from limpyd.checking.findings import KINDS, Finding, Kind, KindFacts, Repair
from limpyd.checking.report import Report

__all__ = ["KINDS", "Finding", "Kind", "KindFacts", "Repair", "Report"]
