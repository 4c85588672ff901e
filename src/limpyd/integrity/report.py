"""The report of a check."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from limpyd.integrity.findings import KINDS, Finding, Kind

MAX_LISTED = 1000
"""The most findings of a kind that are kept; others are only counted."""
MAX_SHOWN = 20
"""The most findings that a notebook shows."""


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a check. Iterating yields the findings: at most 1,000 of each kind, although all are counted.

    Attributes:
        models: the names of the checked models.
        objects: the number of checked objects.
        entries: the number of checked index entries.
        keys: the number of checked keys.
        seconds: the duration of the check.
        found: the number of findings of each kind.
        repaired: the number of repaired findings of each kind.
        findings: the listed findings.
    """

    models: tuple[str, ...]
    objects: int
    entries: int
    keys: int
    seconds: float
    found: Mapping[Kind, int]
    repaired: Mapping[Kind, int]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """True if there are no findings, or all were repaired, apart from the kinds that do no harm."""
        return all(facts.mild or self.left(kind) == 0 for kind, facts in KINDS.items())

    def left(self, kind: Kind) -> int:
        """Returns the number of findings of a kind that were not repaired."""
        return self.found.get(kind, 0) - self.repaired.get(kind, 0)

    def of(self, kind: Kind) -> list[Finding]:
        """The listed findings of a kind."""
        return [finding for finding in self.findings if finding.kind == kind]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return sum(self.found.values())

    def __bool__(self) -> bool:
        return True

    def __str__(self) -> str:
        return self.as_text(self.cure)

    def as_text(self, cure: Callable[[Kind], str]) -> str:
        """The report for people.

        Args:
            cure: what it says of how to put findings of a kind right.
        """
        what = f"{self.objects:,} objects, {self.entries:,} index entries and {self.keys:,} keys"
        state = "all is well" if self.ok else "something is wrong"
        lines = [f"{', '.join(self.models) or 'no model'}: {what} checked in {self.seconds:.1f} s: {state}"]
        for kind, count in self.found.items():
            facts, repaired = KINDS[kind], self.repaired.get(kind, 0)
            state = f"{repaired:,} repaired" if repaired else "harmless" if facts.mild else "not repaired"
            lines.append(f"\n{kind}: {facts.meaning}: {count:,}, {state}")
            if repaired < count:
                lines.append(f"  to do: {cure(kind)}")
            listed = self.of(kind)
            lines += (f"  {finding}" for finding in listed)
            if len(listed) < count:
                lines.append(f"  … and {count - len(listed):,} more")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from limpyd.utils.html import MAX_SENTENCE, table  # noqa: PLC0415 - only notebooks call this

        title = str(self).partition("\n")[0]
        kinds = (
            (kind, KINDS[kind].meaning, count, self.repaired.get(kind, 0), self.cure(kind))
            for kind, count in self.found.items()
        )
        report = table(title, ("kind", "meaning", "found", "repaired", "to do"), kinds, limit=MAX_SENTENCE)
        if not self.findings:
            return report
        more = len(self) - MAX_SHOWN
        findings = ((finding.kind, finding) for finding in self.findings[:MAX_SHOWN])
        note = f"… and {more:,} more" if more > 0 else ""
        return report + table("findings", (), findings, note, limit=MAX_SENTENCE)

    @staticmethod
    def cure(kind: Kind) -> str:
        """Returns the repair of findings of a kind."""
        facts = KINDS[kind]
        if facts.repair == "none":
            return facts.cure
        asked = "repair=True" if facts.repair == "usual" else f"repair=[{kind!r}]"
        return f"{asked}: {facts.cure}"

    def as_dict(self) -> dict[str, Any]:
        """The same as dicts and lists that JSON can hold."""
        return {
            "ok": self.ok,
            "models": list(self.models),
            "objects": self.objects,
            "entries": self.entries,
            "keys": self.keys,
            "seconds": round(self.seconds, 3),
            "found": dict(self.found),
            "repaired": dict(self.repaired),
            "findings": [finding.as_dict() for finding in self.findings],
        }


class Notes:
    """The notes of a check in progress, in bounded memory."""

    def __init__(self, models: tuple[str, ...]) -> None:
        self._models = models
        self._begun = time.perf_counter()
        self._listed: dict[tuple[str | None, ...], Finding] = {}
        self._found: Counter[Kind] = Counter()
        self._repaired: Counter[Kind] = Counter()
        self._listed_of: Counter[Kind] = Counter()
        self.objects = self.entries = self.keys = 0

    def add(self, finding: Finding) -> None:
        """Notes a finding; what is listed already, since a walk by SCAN may come upon it twice, is not noted again."""
        kind, identity = finding.kind, finding[:5]
        if identity in self._listed:
            return
        self._found[kind] += 1
        self._repaired[kind] += finding.repaired
        if self._listed_of[kind] < MAX_LISTED:
            self._listed_of[kind] += 1
            self._listed[identity] = finding

    def report(self) -> Report:
        """All that was noted, the kinds in the order of their table."""
        return Report(
            self._models,
            self.objects,
            self.entries,
            self.keys,
            time.perf_counter() - self._begun,
            _in_order(self._found),
            _in_order(self._repaired),
            tuple(sorted(self._listed.values(), key=lambda finding: ORDER[finding.kind])),
        )


ORDER = {kind: number for number, kind in enumerate(KINDS)}


def _in_order(counted: Mapping[Kind, int]) -> Mapping[Kind, int]:
    return MappingProxyType({kind: counted[kind] for kind in KINDS if counted.get(kind)})
