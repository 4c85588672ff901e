"""The page on the names of limpyd 2: which are here, which are here under another name, and which are refused, and why.

What it says is looked up: names on the classes, arguments in the signatures, refusals by trying. It is one of the pages
that `make references` makes.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from limpyd import RedisDatabase, RedisModel, fields, indexes, relations
from limpyd.indexes import EqualIndex, Index, TextRangeIndex
from limpyd.pipelines.sync import Pipeline
from limpyd.query.filters.lookups import serving
from limpyd.query.sync import Collection
from tools.limpyd2_names import FIELD_ARGUMENTS, MEMBERS, MODEL_SETTINGS, MODULES, RELATION_ARGUMENTS, SUFFIXES

PAGE = """# The names of limpyd 2

(This page is generated from the library: `make references`.)

This page lists the names in the documentation of redis-limpyd 2.1.2, and their names in limpyd 3. *The same* means
that the name has the same meaning as in limpyd 2, except where [the list of differences](migrating.md#differences)
says otherwise.

"""

NOT_THERE = {
    "MultiValuesField": "`SetField`, `ListField`, `SortedSetField` and `HashField` each",
    "DateRangeIndex": "`DateIndex`, or a `TextRangeIndex` with a `transform`",
    "TimeRangeIndex": "`TimeIndex`, or a `TextRangeIndex` with a `transform`",
    "TimeIndexParts": "`TimeIndex`, which has these parts",
    "watch": "`db.transaction(func, *watches)`",
    "multi": "`pipeline(transaction=True)`; in the function of `db.transaction` it is available",
    "post_command": "a model, or a class of fields, may define it: it runs after each command",
    "stored_key_exists": "`from_stored(key)` raises `DoesNotExist`",
}
"""What to use instead of names that are not there; that they are not is looked up."""

WORD = re.compile(r"(?P<name>\w+)(?:\((?P<arguments>[^)]*)\))?")

# --- what names are looked up on ---


class Specimens(NamedTuple):
    """One of everything; nothing is sent.

    Attributes:
        model: a class with a field of each kind.
        instance: one object of it.
        target: an object that others refer to.
    """

    model: Any
    instance: Any
    target: Any


def specimens() -> Specimens:
    """Models on a server that nobody asks."""
    nowhere = RedisDatabase(port=1)

    class Target(RedisModel):
        database = nowhere

    class Specimen(RedisModel):
        database = nowhere
        string = fields.StringField()
        entry = fields.InstanceHashField()
        mapping = fields.HashField()
        members = fields.SetField()
        queue = fields.ListField()
        scores = fields.SortedSetField()
        indexed = fields.StringField(indexable=True, indexes=[TextRangeIndex])
        owner = relations.FKStringField(Target, related_name="owned")
        group = relations.M2MSetField(Target, related_name="grouped")

    return Specimens(Specimen, Specimen._connected(b"1"), Target._connected(b"1"))


def subjects(here: Specimens) -> dict[str, list[Any]]:
    """What must have the names of each part, all of it."""
    instance = here.instance
    of_one_value, of_many = [instance.string, instance.entry], [instance.mapping, instance.members, instance.queue]
    collection = here.model.collection()
    return {
        "a database": [here.model.database],
        "a pipeline database": [here.model.database],
        "a pipeline": [Pipeline],
        "a class of models": [here.model],
        "an instance": [instance],
        "a field": [*of_one_value, *of_many, instance.scores],
        "a field with a key of its own": [instance.string, *of_many, instance.scores],
        "a declared field": [here.model.get_field("indexed")],
        "a StringField": [instance.string],
        "an InstanceHashField": [instance.entry],
        "a HashField": [instance.mapping],
        "a SetField": [instance.members],
        "a ListField": [instance.queue],
        "a SortedSetField": [instance.scores],
        "a PKField": [instance.pk],
        "a collection": [collection],
        "an extended collection": [collection],
        "an index": [here.model.get_field("indexed").get_index()],
        "MultiIndexes": [indexes.MultiIndexes],
        "ScoredEqualIndex": [indexes.ScoredEqualIndex],
        "EqualIndexWith": [indexes.EqualIndexWith],
        "a foreign key": [instance.owner],
        "a field of many references": [instance.group],
        "the other side of a reference": [here.target.owned],
    }


REFUSALS: dict[str, Callable[[Specimens], object]] = {
    "`pk.delete()`": lambda here: here.instance.pk.delete(),
    "`expire(…)` and its relatives on an indexed field": lambda here: here.instance.indexed.expire(10),
    "`set(value, ex=…)` on an indexed field": lambda here: here.instance.indexed.set("x", ex=10),
    "a primary key passed to an `AutoPKField`": lambda here: here.model(pk=7),
    "`Model(1, field=…)`": lambda here: here.model(1, string="x"),
    "a field that is not declared": lambda here: here.model(absent="x"),
    "a filter by a field without an index": lambda here: here.model.collection(string="x"),
    "a suffix that no index supports": lambda here: here.model.collection(indexed__year=1),
    "an abstract model's instances": lambda _: type("Base", (RedisModel,), {"abstract": True})(),
    "`unique=True` with a `default`": lambda _: _declared(fields.StringField(unique=True, default="x")),
    "`indexes=` without `indexable=True`": lambda _: _declared(fields.StringField(indexes=[EqualIndex])),
}
"""What limpyd 2 refuses, or what is refused here; the errors are had by trying."""


def _declared(field: Any) -> Any:
    return _thing(field=field)


# --- the lookup ---


def member(word: str, owners: list[Any]) -> str | None:
    """What is here of an attribute or method; None if nothing is."""
    name, arguments = _parsed(word)
    if not all(_has(owner, name) for owner in owners):
        return _instead(name)
    if arguments is None:
        return "the same"
    missing = {argument: None for owner in owners for argument in _missing(owner, name, arguments)}
    return f"the same, without {', '.join(f'`{argument}`' for argument in missing)}" if missing else "the same"


def imported(module: str, name: str) -> str | None:
    """What is here under an import path; None if nothing is."""
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        return _instead(name)
    own = getattr(found, "__name__", name)
    return "the same" if own.rpartition(".")[2] == name else f"another name of `{own}`"


def _instead(name: str) -> str | None:
    """What there is in place of a name; None if nothing is told."""
    return f"not available: {NOT_THERE[name]}" if name in NOT_THERE else None


def _parsed(word: str) -> tuple[str, list[str] | None]:
    match = WORD.fullmatch(word)
    assert match, word  # noqa: S101 - a mistake in the list of names
    arguments = match["arguments"]
    return match["name"], None if arguments is None else [each for each in arguments.split(", ") if each]


def _has(owner: Any, name: str) -> bool:
    try:
        inspect.getattr_static(owner, name)
    except AttributeError:
        return False
    return True


def _missing(owner: Any, name: str, arguments: list[str]) -> Iterator[str]:
    """The arguments that a method does not take."""
    method = getattr(owner, name)
    if name == "configure":
        yield from (each for each in arguments if each not in owner.settings)
        return
    signature = inspect.signature(method)
    required = [each.default is inspect.Parameter.empty for each in signature.parameters.values()]
    for position, argument in enumerate(arguments):
        by_position = not argument.startswith("**") and position < len(required) and required[position]
        if not by_position and not _takes(signature, argument):
            yield argument


def _takes(signature: inspect.Signature, argument: str) -> bool:
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    if argument.startswith("*") and not argument.startswith("**"):
        return inspect.Parameter.VAR_POSITIONAL in kinds
    return argument in signature.parameters or inspect.Parameter.VAR_KEYWORD in kinds


def tried(attempt: Callable[[], object]) -> str:
    """What comes of something that may be refused."""
    try:
        attempt()
    except Exception as error:  # noqa: BLE001 - it is told
        return f"refused: `{type(error).__name__}`: {error}"
    return "the same"


# --- the page ---


def rows() -> Iterator[tuple[str, str, str | None]]:
    """The section, the name as limpyd 2 writes it, and what is here; None if it is not accounted for."""
    for module, names in MODULES.items():
        for name in names.split():
            yield f"from {module} import …", f"`{name}`", imported(module, name)
    yield from _declarations()
    here = specimens()
    for part, owners in subjects(here).items():
        for word in re.findall(r"\w+(?:\([^)]*\))?", MEMBERS[part]):
            yield f"Attributes and methods of {part}", f"`{word}`", member(word, owners)
    for name, suffixes in SUFFIXES.items():
        known = {one for pair in serving(_indexed_by(getattr(indexes, name))) for one in pair}
        for suffix in suffixes.split():
            yield f"Filters by `{name}`", f"`__{suffix}`", "the same" if suffix in known else None
    for what, attempt in REFUSALS.items():
        outcome = tried(lambda attempt=attempt: attempt(here))
        yield "What limpyd 2 refuses", what, "accepted" if outcome == "the same" else outcome


def _declarations() -> Iterator[tuple[str, str, str | None]]:
    index = {"indexable": True, "indexes": [EqualIndex]}
    settings = dict(
        zip(
            MODEL_SETTINGS.split(), (RedisDatabase(port=1), "space", True, False, Collection, [EqualIndex]), strict=True
        )
    )
    for name, value in settings.items():
        yield "In the class of a model", f"`{name}`", tried(lambda n=name, v=value: _thing(**{n: v}))
    given = [{"default": "x"}, {"indexable": True}, {"unique": True}, index, {"lockable": False}]
    for name, options in zip(FIELD_ARGUMENTS.split(), given, strict=True):
        yield "Arguments of fields", f"`{name}`", tried(lambda o=options: _declared(fields.StringField(**o)))
    for name in RELATION_ARGUMENTS.split():
        options = {"to": "self", "related_name": "others"}
        yield "Arguments of references", f"`{name}`", tried(lambda o=options: _declared(relations.FKStringField(**o)))


def _thing(**settings: Any) -> Any:
    return type("Thing", (RedisModel,), {"database": RedisDatabase(port=1), **settings})


def _indexed_by(index: type[Index]) -> Any:
    return _declared(fields.InstanceHashField(indexable=True, indexes=[index])).get_field("field")


def page() -> str:
    """The page."""
    parts, title = [PAGE], ""
    for section, name, found in rows():
        if section != title:
            parts.append(f"{'' if not title else chr(10)}## {section}\n\n| limpyd 2 | here |\n| --- | --- |\n")
            title = section
        parts.append(f"| {name} | {(found or '**not accounted for**').replace('|', chr(92) + '|')} |\n")
    return "".join(parts)
