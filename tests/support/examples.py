"""Examples whose comments are promises: a block of a page becomes a program that keeps them or fails.

ada.born.hget()  # → 1815                       what comes back, as Python shows it; `…` stands for anything
print(ada.born.hget())  # → 1815                what is printed
ada.born.hset("x")  # raises InvalidValue       which error is raised

A promise that is too long for the line of its statement stands below it, indented alike.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
from collections.abc import Iterator

SHOWS, RAISES = "# → ", "# raises "


def program(source: str) -> str:
    """The program of an example, which checks what its comments promise.

    Raises:
        ValueError: a comment looks like a promise, but stands at no statement that could keep it.
    """
    lines = source.splitlines()
    found = [promise for node in ast.walk(ast.parse(source)) if (promise := _promise(node, lines)) is not None]
    if len(found) != sum(line.count(SHOWS) + line.count(RAISES) for line in lines):
        msg = "a promise in a comment stands at no expression, print() or simple statement"
        raise ValueError(msg)
    for statement, before, after in sorted(found, key=lambda each: each[0].lineno, reverse=True):
        last, first = statement.end_lineno - 1, statement.lineno - 1
        lines[last] = _inserted(lines[last], statement.end_col_offset, after)
        lines[first] = _inserted(lines[first], statement.col_offset, before)
    return "\n".join(["from tests.support.examples import prints, raises, shows", *lines])


def _promise(node: ast.AST, lines: list[str]) -> tuple[ast.stmt, str, str] | None:
    """A statement that has one, and what is written before and after it."""
    if not isinstance(node, ast.stmt) or hasattr(node, "body"):
        return None
    comment = lines[node.end_lineno - 1].encode()[node.end_col_offset :].decode().strip()
    below = lines[node.end_lineno] if node.end_lineno < len(lines) else ""
    if not comment and below.startswith(f"{' ' * node.col_offset}#"):
        comment = below.strip()
    if comment.startswith(RAISES):
        return node, f"with raises({comment.removeprefix(RAISES)!r}): ", ""
    if not comment.startswith(SHOWS) or not isinstance(node, ast.Expr):
        return None
    wanted = comment.removeprefix(SHOWS)
    call = node.value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print":
        return node, f"with prints({wanted!r}): ", ""
    return node, "shows((", f"), {wanted!r})"


def _inserted(line: str, at: int, text: str) -> str:
    """A line with a text put in at a position in bytes, which is how Python counts columns."""
    raw = line.encode()
    return (raw[:at] + text.encode() + raw[at:]).decode()


# --- what the program calls ---


def shows(value: object, wanted: str) -> None:
    """Compares a value with how it is shown."""
    if same(repr(value), wanted):
        return
    with contextlib.suppress(ValueError, SyntaxError):
        if ast.literal_eval(wanted) == value:  # the members of a set come in any order
            return
    msg = f"the example promises {wanted}, and got {value!r}"
    raise AssertionError(msg)


@contextlib.contextmanager
def prints(wanted: str) -> Iterator[None]:
    """Compares what is printed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        yield
    if not same(printed.getvalue().rstrip("\n"), wanted):
        msg = f"the example promises to print {wanted}, and printed {printed.getvalue()}"
        raise AssertionError(msg)


@contextlib.contextmanager
def raises(wanted: str) -> Iterator[None]:
    """Waits for an error: its class, and after a colon its message."""
    name, _, message = wanted.partition(": ")
    try:
        yield
    except Exception as error:
        if type(error).__name__ != name or (message and not same(str(error), message)):
            msg = f"the example promises {wanted}"
            raise AssertionError(msg) from error
        return
    msg = f"the example promises {wanted}, and nothing was raised"
    raise AssertionError(msg)


def same(got: str, wanted: str) -> bool:
    """Whether a text is as it was promised."""
    return doctest.OutputChecker().check_output(f"{wanted.replace('…', '...')}\n", f"{got}\n", doctest.ELLIPSIS)
