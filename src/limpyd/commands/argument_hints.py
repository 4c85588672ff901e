"""Advice on arguments that a command does not take."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from limpyd.utils.suggestions import did_you_mean


def hint(holder: Any, describe: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Returns the advice on arguments that a method does not take, if one of a similar name is meant; else ""."""
    try:
        inspect.signature(describe).bind(holder, *args, **kwargs)
    except TypeError as mismatch:
        parameters = list(inspect.signature(describe).parameters)[1:]
        named = [name for name in kwargs if name not in parameters]
        meant = did_you_mean(named[0], parameters) if named else ""
        siblings = [name for name in dir(holder) if name.startswith(f"{describe.__name__}_")]
        more = f"; for another type of result, use {', '.join(siblings)}" if siblings else ""
        takes = f"; it takes {', '.join(parameters)}" if parameters and not more else ""
        return f"{describe.__name__}: {mismatch}{meant or _by_name(describe, args) or more or takes}"
    return ""


def _by_name(describe: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """Returns the advice where flags were given by position, which hides what they mean."""
    parameters = list(inspect.signature(describe).parameters.values())[1:]
    flags = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY]
    most = sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters)
    if not flags or len(args) <= most:
        return ""
    return f"; {', '.join(flags)} {'is' if len(flags) == 1 else 'are'} given by name, such as {flags[0]}=…"
