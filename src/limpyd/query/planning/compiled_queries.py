"""Requests kept as templates: a query is planned once for each form, and from then on only filled with other values.

Most queries of a program differ only in the values that they compare with, and planning a query takes as long as a
server nearby takes to answer it. The form of a query is its fields, operators, order and columns. The number of values
of an `in` is no part of the form, so one form serves all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from limpyd.query.filters.conditions import Condition
from limpyd.query.filters.lookups import MAX_CONDITIONS, QueryForm
from limpyd.query.planning.argument_patterns import TWO_OR_MORE, Pattern, marks, more_than_several, pattern_of
from limpyd.requests.guards import KEPT, Guard, Outdated, holds, packed_questions, questions
from limpyd.requests.request import Argument, IncompleteReply, Request
from limpyd.requests.resp import pack_each

MAX_TEMPLATES = 1000
"""The most templates that are kept for a model of one partition."""

R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")

Planning = Callable[[Sequence[Condition]], Request[Any]]
ConditionValues = Sequence[Sequence[Any]]


class Template:
    """The template of the requests of a form.

    Args:
        request: one of the requests.
        patterns: the pattern of its arguments, and of the arguments of each request sent right after it.

    Attributes:
        request: one of the requests.
        pattern: the pattern of its arguments.
        followup_patterns: the requests sent right after it, each with its pattern.
        slot: the slot of the keys, which are those of the model, whatever the values.
    """

    __slots__ = ("followup_patterns", "pattern", "request", "slot")

    def __init__(self, request: Request[Any], patterns: Sequence[Pattern]) -> None:
        self.request = request
        self.slot = request.slot
        self.pattern, *others = patterns
        self.followup_patterns = list(zip(request.followups, others, strict=True))

    def followups(self, values: ConditionValues) -> tuple[Request[Any], ...]:
        """Returns the requests to send right after the one for some values of the conditions."""
        return tuple([request.with_args(pattern.filled(values)) for request, pattern in self.followup_patterns])

    def fits(self, request: Request[Any], values: ConditionValues) -> bool:
        """Returns whether the template makes the same request as the one planned for some values."""
        followups = [one.args for one in self.followups(values)]
        return self.pattern.filled(values) == request.args and followups == [one.args for one in request.followups]


class Filled(Request[R_co]):
    """The request of a form for the values of each condition.

    Args:
        template: the form's template.
        values: the values.
        plan: plans the request.
    """

    __slots__ = ("_guard", "_plan", "_template", "_values", "replies")
    _guard: Guard

    readonly = True
    blocking = is_resolved = False
    timeout = 0
    creates = needs = origin = preflight = retry_with = result = None

    def __init__(self, template: Template, values: ConditionValues, plan: Callable[[], Request[R_co]]) -> None:
        request = template.request
        self.script = request.script
        self.may_be_stale = request.may_be_stale
        self.subject = request.subject
        self.name = request.name
        self.assumes = request.assumes
        self.decode = request.decode
        self.transactional = None if request.transactional is None else self._planned_part
        self.replies = 1 if self.script is not None else 1 + len(request.assumes) + len(request.followups)
        self._template = template
        self._values = values
        self._plan = plan

    @property
    def args(self) -> tuple[Argument, ...]:  # type: ignore[override]
        return self._template.pattern.filled(self._values)

    @property
    def followups(self) -> tuple[Request[Any], ...]:  # type: ignore[override]
        return self._template.followups(self._values)

    @property
    def slot(self) -> int | None:
        return self._template.slot

    def packed(self, guards: Sequence[Guard]) -> bytes:
        script = self.script
        if script is None or not script.guarded:
            return self._template.pattern.packed(self._values)
        if len(guards) != 1:
            return super().packed(guards)
        (guard,) = guards
        return self._template.pattern.packed(self._values, AFTER_GUARD) + after_guard(guard)

    def ready(self) -> bytes | None:
        guard = None
        if self.assumes:
            guard = self.assumes[0].guard()
            if guard is None or len(self.assumes) > 1:
                return None
            self._guard = guard
        template, values = self._template, self._values
        if self.script is not None:
            return self.packed(() if guard is None else (guard,))
        packed, replies = template.pattern.packed(values), 1
        if guard is not None:
            packed += packed_questions(guard)
            replies += len(questions(guard))
        for _, pattern in template.followup_patterns:
            packed += pattern.packed(values)
            replies += 1
        self.replies = replies
        return packed

    def reply_of(self, replies: list[Any]) -> Any:
        reply, at = replies[0], 1
        if self.assumes:
            at += len(questions(self._guard))
            if not holds(self._guard, replies[1:at]):
                raise Outdated
        for number, (one, _) in enumerate(self._template.followup_patterns, at):
            reply = one.amend_reply(reply, replies[number])
        return reply

    def then(self, convert: Callable[[R_co], S]) -> Request[S]:
        decode = self.decode
        transactional = self.transactional
        converted: Any = Filled(self._template, self._values, self._plan)

        def decode_further(reply: Any) -> S:
            try:
                result = decode(reply)
            except IncompleteReply as incomplete:
                raise incomplete.then(convert) from incomplete.__cause__
            return convert(result)

        converted.may_be_stale = self.may_be_stale
        converted.decode = decode_further
        converted.transactional = None if transactional is None else lambda: transactional().then(convert)
        return converted  # type: ignore[no-any-return]

    def _planned_part(self) -> Request[R_co]:
        planned = self._plan()
        return planned if planned.transactional is None else planned.transactional()


AFTER_GUARD = 3


@lru_cache(KEPT)
def after_guard(guard: Guard) -> bytes:
    """Returns the arguments that follow those of a script that is sent under a guard (see requests.args_under)."""
    return pack_each((*guard, b"1"))


class Templates:
    """The templates of a model, by what is asked; at most MAX_TEMPLATES, beyond which all are dropped."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Template] = {}

    def request(self, asked: tuple[Hashable, ...], conditions: Sequence[Condition], plan: Planning) -> Request[Any]:
        """Returns the request that a plan gives for some conditions, from its template if there is one.

        Args:
            asked: everything that the plan depends on besides the conditions.
            conditions: the conditions.
            plan: makes the request for conditions.
        """
        form = form_of(asked, conditions)
        if form is None:
            return plan(conditions)
        key = tuple(form.parts)
        known = self._kept.get(key)
        if known is not None:
            return Filled(known, form.values, lambda: plan(conditions))
        request = plan(conditions)
        template = template_of(conditions, form, request, plan)
        if template is not None:
            if len(self._kept) >= MAX_TEMPLATES:
                self._kept.clear()
            self._kept[key] = template
        return request


def form_of(asked: tuple[Hashable, ...], conditions: Sequence[Condition]) -> QueryForm | None:
    """Returns the form of a query; None if it has to be planned each time."""
    if len(conditions) > MAX_CONDITIONS:
        return None
    form = QueryForm(asked)
    for condition in conditions:
        if not condition.add_to(form):
            return None
    return form if len(form.values) <= MAX_CONDITIONS else None


def template_of(
    conditions: Sequence[Condition], form: QueryForm, request: Request[Any], plan: Planning
) -> Template | None:
    """Returns what is to be kept of a request; None if its values are not to be seen in its arguments."""
    if not request.args:
        return None
    first = last = plan(_marked(conditions, form, lambda _: TWO_OR_MORE))
    if form.several:
        last = plan(_marked(conditions, form, more_than_several))
    if len(first.followups) != len(last.followups):
        return None
    patterns = []
    for one, other in zip((first, *first.followups), (last, *last.followups), strict=True):
        pattern = pattern_of(one.args, other.args)
        if pattern is None:
            return None
        patterns.append(pattern)
    template = Template(first, patterns)
    return template if template.fits(request, form.values) else None


def _marked(conditions: Sequence[Condition], form: QueryForm, several: Callable[[int], int]) -> list[Condition]:
    """The same conditions of marks; where one has several values, of as many as it is given."""
    marked = iter(
        [
            marks(number, several(number) if number in form.several else len(texts))
            for number, texts in enumerate(form.values)
        ]
    )
    return [condition.with_texts(marked) for condition in conditions]
