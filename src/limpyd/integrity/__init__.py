"""Checking data: whether indexes and values agree, and whether all keys are explained; and putting it right."""

from limpyd.integrity.findings import KINDS, Finding, Kind, KindFacts, Repair
from limpyd.integrity.report import Report

__all__ = ["KINDS", "Finding", "Kind", "KindFacts", "Repair", "Report"]
