"""What Sphinx has to know of limpyd to write its API reference (docs/api/).

A command is written as a method that describes a request, and called as one that gives the result; so signatures are
shown as users call them. Names in them and in docstrings lead to the public class that they name.
"""

from __future__ import annotations

import inspect
import re
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any

import redis.commands.core
from docutils.nodes import Element
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from limpyd import tracing
from limpyd.asyncio import AsyncRedisModel
from limpyd.expressions import Expression
from limpyd.fields.string import Operation
from limpyd.operands import Part
from limpyd.server import Server

DESCRIBED = re.compile(r"(Request|Walk)\[(.*)\]", re.DOTALL)
WHOLE = {
    "BoundBits": "BoundString",
    "BoundCommonSubsequence": "BoundString",
    "BoundGeoSearch": "BoundGeo",
    "BoundListMoves": "BoundList",
    "BoundScores": "BoundSortedSet",
    "SortDestination": "BoundList",
}
"""The classes that are documented, by the names of their parts."""
OF_METHODS = {"self", "cls", "field"}
"""The names of first parameters that callers do not give; `field` is that of functions that `Field` has as methods."""
FULL_NAMES: dict[Any, str] = {
    Operation: "limpyd.fields.string.Operation",
    tracing.Operation: "limpyd.tracing.Operation",
}
"""The public classes whose last name is not theirs alone; signatures link to them by these."""
WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
SENTINEL = re.compile(r"<object object(?: at 0x[0-9a-f]+)?>")


class Source(str):
    """An annotation as it is written in the source, which a signature shows without quotes."""

    __slots__ = ()
    __repr__ = str.__str__


def as_called(annotation: str) -> str:
    """What a caller gets of a method that returns this.

    >>> as_called("Request[int | None]"), as_called("Walk[str]"), as_called("list[str]")
    ('int | None', 'Iterator[str]', 'list[str]')
    """
    match = DESCRIBED.fullmatch(annotation)
    if match is None:
        return annotation
    kind, result = match.groups()
    return f"Iterator[{result}]" if kind == "Walk" else result


def signature(
    _app: Sphinx, _what: str, _name: str, obj: Any, _options: Any, shown: str | None, _returns: str | None
) -> tuple[str, str] | None:
    """The signature of a function or method, with the types as written; none of a class that users do not make."""
    if inspect.isclass(obj) and _is_only_given(obj):
        return None if shown is None else ("", "")
    if not inspect.isroutine(obj):
        return None if shown is None else (SENTINEL.sub("...", shown), "")
    written = inspect.signature(obj)
    names = getattr(inspect.unwrap(obj), "__globals__", {})
    parameters = [
        parameter.replace(annotation=_source(parameter.annotation, names), default=_default(parameter))
        for number, (name, parameter) in enumerate(written.parameters.items())
        if not (number == 0 and name in OF_METHODS)
    ]
    plain = inspect.Signature(parameters)
    returns = written.return_annotation
    return str(plain), "" if returns is written.empty else as_called(str(_source(returns, names)))


def _is_only_given(cls: type) -> bool:
    """Whether users get instances of a class, and do not make them."""
    given = cls.__name__.startswith("Bound") or cls.__module__.startswith(("limpyd.pipelines", "limpyd.query"))
    return given or issubclass(cls, BaseException) or cls in {AsyncRedisModel, Expression, Part, Operation, Server}


def _source(annotation: Any, names: Mapping[str, Any]) -> Any:
    if annotation is inspect.Parameter.empty:
        return annotation
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return Source(WORD.sub(lambda word: _full_name(word[0], names), text))


def _full_name(word: str, names: Mapping[str, Any]) -> str:
    """Returns the name to show: the documented class for one of its parts, the full name of an ambiguous class."""
    meant = names.get(word)
    return FULL_NAMES.get(meant, WHOLE.get(word, word)) if isinstance(meant, type) else word


def _default(parameter: inspect.Parameter) -> Any:
    return Source("...") if SENTINEL.fullmatch(repr(parameter.default)) else parameter.default


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, contents: Element) -> Element | None:
    """Where a name leads: to the public thing of that name; nowhere, if it is Python's, redis-py's or a variable."""
    if node.get("refdomain") != "py":
        return None
    name = node["reftarget"].rpartition(".")[2]
    name = WHOLE.get(name, name)
    domain = env.domains.python_domain
    documented = [
        full
        for full, entry in domain.objects.items()
        if full.rpartition(".")[2] == name and full != node["reftarget"] and not entry.aliased
    ]
    if len(documented) == 1:
        found = domain.resolve_xref(env, node["refdoc"], app.builder, "obj", documented[0], node, contents)
        return typing.cast("Element | None", found)
    return contents if _is_plain(node["reftarget"]) else None


def _is_plain(target: str) -> bool:
    """Whether a name is of another library, or stands for a type that is no class of its own."""
    root, name = target.partition(".")[0], target.rpartition(".")[2]
    if (
        root in sys.stdlib_module_names
        or root == "redis"
        or hasattr(redis.commands.core, name)
        or target in {"P.args", "P.kwargs", "PathLike"}
    ):
        return True
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "limpyd"]
    named = [vars(module)[name] for module in modules if name in vars(module)]
    return any(_is_variable(value) for value in named)


def _is_variable(value: Any) -> bool:
    aliases = (typing.TypeVar, typing.ParamSpec, types.UnionType, types.GenericAlias, types.ModuleType)
    special = type(value).__module__ == "typing"
    foreign = isinstance(value, type) and not value.__module__.startswith("limpyd")
    return isinstance(value, aliases) or special or foreign


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx calls."""
    app.connect("autodoc-process-signature", signature)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
