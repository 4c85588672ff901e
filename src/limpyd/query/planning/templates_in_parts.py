"""The templates of queries to several partitions: the requests to all of them are filled, and sent, as one.

A scattered query costs the client one plan, and not one for each partition.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, overload

from limpyd.keys import Partition
from limpyd.query.filters.conditions import Condition
from limpyd.query.filters.lookups import QueryForm
from limpyd.query.planning.argument_patterns import PatternSequence
from limpyd.query.planning.compiled_queries import (
    AFTER_GUARD,
    ConditionValues,
    Filled,
    Planning,
    Template,
    after_guard,
    form_of,
    template_of,
)
from limpyd.requests.guards import Guard, holds, packed_questions, questions, replies_if_it_holds
from limpyd.requests.reads import OUTDATED, UNKNOWN, NodeT, Reads
from limpyd.requests.request import Request
from limpyd.requests.resp import PACKET
from limpyd.requests.scattered import Prepared

MAX_FORMS = 100
"""The most forms whose templates are kept for a model of several partitions."""

Partitions = tuple[Partition, ...]
"""Those that a query is sent to. A process that learns that objects have moved has other partitions, some with the same
numbers. So what is kept of those is not used for a query that another thread planned before, which asks too few."""


class TemplatesInParts:
    """The templates of a model of several partitions, by what is asked; at most MAX_FORMS forms."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, FormTemplates] = {}

    def form(self, asked: tuple[Hashable, ...], conditions: Sequence[Condition]) -> FormInParts | None:
        """Returns the form of a query; None if it has to be planned each time."""
        form = form_of(asked, conditions)
        if form is None:
            return None
        key = tuple(form.parts)
        known = self._kept.get(key)
        if known is None:
            if len(self._kept) >= MAX_FORMS:
                self._kept.clear()
            known = self._kept[key] = FormTemplates()
        return FormInParts(form, known)


class FormTemplates:
    """The templates of a form.

    Attributes:
        by_partition: the template for each partition; None where there is none.
    """

    __slots__ = ("_joined", "by_partition")

    def __init__(self) -> None:
        self.by_partition: dict[Partition, Template | None] = {}
        self._joined: dict[Partitions, JoinedTemplates] = {}

    def guards(self, partitions: Partitions) -> list[Guard | None] | None:
        """Returns the guards of the requests to some partitions; None if a template or a guard is not known."""
        guards: list[Guard | None] = []
        for partition in partitions:
            template = self.by_partition.get(partition)
            if template is None:
                return None
            assumes = template.request.assumes
            guard = assumes[0].guard() if assumes else None
            if assumes and (guard is None or len(assumes) > 1):
                return None
            guards.append(guard)
        return guards

    def joined(self, partitions: Partitions, guards: list[Guard | None]) -> JoinedTemplates:
        """Returns the templates for some partitions as one. Those for all, and for the share of each node, are kept."""
        known = self._joined.get(partitions)
        if known is None or known.guards != guards:
            if len(self._joined) >= MAX_FORMS:
                self._joined.clear()
            templates: Any = [self.by_partition[partition] for partition in partitions]
            known = self._joined[partitions] = JoinedTemplates(templates, guards)
        return known


class JoinedTemplates:
    """Templates whose requests are sent at once.

    Args:
        templates: the templates.
        guards: the guard of each; None where it assumes nothing.

    Attributes:
        templates, guards: as above.
        scripts: the scripts that they run.
        patterns: the patterns of all that is sent.
        replies: how many replies that has.
    """

    def __init__(self, templates: Sequence[Template], guards: list[Guard | None]) -> None:
        self.templates = templates
        self.guards = guards
        self.scripts = {script for each in templates if (script := each.request.script) is not None}
        each = list(zip(templates, guards, strict=True))
        self.patterns = PatternSequence([part for one in each for part in _parts_of(*one)])
        self._counts = [_replies_of(*one) for one in each]
        self.replies = sum(self._counts)
        self._amended = any(template.followup_patterns for template in templates)
        self._own: list[int] = []
        self._checked: list[int] = []
        self._expected: list[Any] = []
        at = 0
        for guard, count in zip(guards, self._counts, strict=True):
            expected = [] if guard is None or self.scripts else replies_if_it_holds(guard)
            self._own.append(at)
            self._checked += range(at + 1, at + 1 + len(expected))
            self._expected += expected
            at += count

    def found(self, replies: Sequence[Any]) -> list[Any]:
        """Returns the reply to each request, of all replies, as `Reads.replies_of`."""
        as_expected = [replies[at] for at in self._checked] == self._expected
        if as_expected and not self._amended and not any(map(_is_error, replies)):
            return [replies[at] for at in self._own]
        each = zip(self.templates, self.guards, self._own, self._counts, strict=True)
        return [_found(template, guard, replies[at : at + count]) for template, guard, at, count in each]


def _is_error(reply: Any) -> bool:
    return isinstance(reply, Exception)


def _parts_of(template: Template, guard: Guard | None) -> list[tuple[Any, int, bytes]]:
    """Returns the patterns of a template with what follows each, as `Filled.ready` packs them."""
    script = template.request.script
    if script is not None:
        more, after = (AFTER_GUARD, after_guard(guard)) if script.guarded and guard is not None else (0, b"")
        return [(template.pattern, more, after)]
    asked = b"" if guard is None else packed_questions(guard)
    return [(template.pattern, 0, asked), *((pattern, 0, b"") for _, pattern in template.followup_patterns)]


def _replies_of(template: Template, guard: Guard | None) -> int:
    if template.request.script is not None:
        return 1
    return 1 + (0 if guard is None else len(questions(guard))) + len(template.followup_patterns)


def _found(template: Template, guard: Guard | None, replies: Sequence[Any]) -> Any:
    """Returns the reply to a request, of the replies to what it sends; UNKNOWN or OUTDATED."""
    if any(map(_is_error, replies)):
        return UNKNOWN
    reply, at = replies[0], 1
    if guard is not None and template.request.script is None:
        at += len(questions(guard))
        if not holds(guard, replies[1:at]):
            return OUTDATED
    for (one, _), own in zip(template.followup_patterns, replies[at:], strict=True):
        reply = one.amend_reply(reply, own)
    return reply


class FormInParts:
    """The form of a query that is sent to several partitions, with its values.

    Args:
        form: the form.
        templates: its templates.
    """

    __slots__ = ("_form", "_templates")

    def __init__(self, form: QueryForm, templates: FormTemplates) -> None:
        self._form = form
        self._templates = templates

    def request(self, partition: Partition, conditions: Sequence[Condition], plan: Planning) -> Request[Any]:
        """Returns the request to a partition, as `Templates.request`."""
        by_partition = self._templates.by_partition
        known = by_partition.get(partition)
        if known is not None:
            return Filled(known, self._form.values, lambda: plan(conditions))
        request = plan(conditions)
        by_partition[partition] = template_of(conditions, self._form, request, plan)
        return request

    def requests(self, partitions: Partitions, make: Callable[[int], Request[Any]]) -> FilledParts:
        """Returns the requests to some partitions.

        Args:
            partitions: the partitions.
            make: gives the request at a position among those.
        """
        return FilledParts(self._templates, self._form.values, partitions, make)


class FilledParts(Prepared):
    """The requests of a form to some partitions.

    Args:
        templates: the templates of the form.
        values: the values of the conditions.
        partitions: the partitions.
        make: gives the request at a position.

    Attributes:
        values: as above.
    """

    __slots__ = ("_make", "_partitions", "_templates", "values")

    def __init__(
        self,
        templates: FormTemplates,
        values: ConditionValues,
        partitions: Partitions,
        make: Callable[[int], Request[Any]],
    ) -> None:
        self.values = values
        self._templates = templates
        self._partitions = partitions
        self._make = make

    def __len__(self) -> int:
        return len(self._partitions)

    @overload
    def __getitem__(self, at: int) -> Request[Any]: ...
    @overload
    def __getitem__(self, at: slice) -> list[Request[Any]]: ...
    def __getitem__(self, at: int | slice) -> Any:
        return (
            list(map(self._make, range(len(self))[at])) if isinstance(at, slice) else self._make(range(len(self))[at])
        )

    def __iter__(self) -> Iterator[Request[Any]]:
        return map(self._make, range(len(self)))

    def reads(self) -> FormReads | None:
        guards = self._templates.guards(self._partitions)
        if guards is None:
            return None
        reads = FormReads(self, range(len(self)), self._templates.joined(self._partitions, guards))
        return reads if len(reads.packed) <= PACKET else None

    def share(self, positions: Sequence[int], guards: list[Guard | None]) -> FormReads:
        """Returns the requests at some positions, with their guards."""
        partitions = tuple([self._partitions[position] for position in positions])
        return FormReads(self, positions, self._templates.joined(partitions, guards))


class FormReads(Reads):
    """The requests of a form in the form of the protocol.

    Args:
        parts: the requests to all partitions.
        numbers: the positions among all of those that are sent.
        joined: their templates.
    """

    __slots__ = ("_joined", "_parts")

    def __init__(self, parts: FilledParts, numbers: Sequence[int], joined: JoinedTemplates) -> None:
        super().__init__(joined.patterns.packed(parts.values), joined.replies, joined.scripts, numbers)
        self._parts = parts
        self._joined = joined

    @property
    def requests(self) -> Sequence[Request[Any]]:
        return [self._parts[number] for number in self.numbers]

    def by_node(self, node_of: Callable[[Request[Any]], NodeT]) -> Mapping[NodeT, Reads]:
        shares: dict[NodeT, list[int]] = {}
        for at, template in enumerate(self._joined.templates):
            shares.setdefault(node_of(template.request), []).append(at)
        if len(shares) == 1:
            return dict.fromkeys(shares, self)
        return {
            node: self._parts.share([self.numbers[at] for at in own], [self._joined.guards[at] for at in own])
            for node, own in shares.items()
        }

    def replies_of(self, replies: Sequence[Any]) -> list[Any]:
        return self._joined.found(replies)

    def decoders(self) -> list[Callable[[Any], Any]]:
        return [template.request.decode for template in self._joined.templates]
