"""`limpyd shell`: a prompt with models at hand."""

from __future__ import annotations

import ast
import code
import inspect
import sys
from contextlib import suppress
from types import CodeType, FunctionType
from typing import Annotated, Any

import typer

from limpyd.cli.failures import Ended
from limpyd.cli.model_paths import models_named
from limpyd.cli.options import Models, Url
from limpyd.cli.session import Session


class Prompt(code.InteractiveConsole):
    """A prompt of Python that knows `await`: each statement is run to its end in one event loop."""

    def __init__(self, session: Session, names: dict[str, Any]) -> None:
        super().__init__(names)
        self.names = names
        self.session = session
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: CodeType) -> None:
        try:
            result = FunctionType(code, self.names)()
            if inspect.iscoroutine(result):
                self.session.result(result)
        except SystemExit:
            raise
        except BaseException:  # noqa: BLE001 - as at any prompt, it is shown and the next line asked for
            self.showtraceback()


def shell(
    names: Models,
    command: Annotated[str | None, typer.Option("-c", "--command", help="Run this code instead of a prompt.")] = None,
    url: Url = None,
) -> int:
    """Open a Python prompt with the models loaded; on those of the async face `await` works at the top."""
    with Session(models_named(names), url) as session:
        known = {model.__name__: model for model in session.models}
        prompt = Prompt(session, {"__name__": "__console__", **known})
        if command is not None:
            failed = False

            def note() -> None:
                nonlocal failed
                failed = True
                code.InteractiveConsole.showtraceback(prompt)

            prompt.showtraceback = note  # type: ignore[method-assign]
            prompt.showsyntaxerror = lambda *_args, **_kwargs: note()  # type: ignore[method-assign]
            prompt.runsource(command, "<command>", "exec")
            return Ended.FOUND_SOMETHING if failed else Ended.WELL
        with_completion(prompt.names)
        with suppress(SystemExit):
            prompt.interact(f"Python {sys.version.split()[0]}. Available: {', '.join(known)}", "")
    return Ended.WELL


def with_completion(names: dict[str, Any]) -> None:
    """Completes names at the prompt, where the system can."""
    with suppress(ImportError):
        import readline  # noqa: PLC0415 - not every Python has it
        import rlcompleter  # noqa: PLC0415

        readline.set_completer(rlcompleter.Completer(names).complete)
        readline.parse_and_bind("tab: complete")
