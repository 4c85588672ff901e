"""`limpyd script`: the Lua that a server runs for an operation, with its keys and arguments named."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from limpyd.cli.explain import asked_filters
from limpyd.cli.failures import BadUsage
from limpyd.cli.model_paths import Model, model_named
from limpyd.keys import to_text
from limpyd.lua.arguments import PageOfRange, PlainQuery, Query
from limpyd.lua.layouts import named
from limpyd.query.planning.single_command import EVERYTHING
from limpyd.relations.deletion import DELETE_RELATED
from limpyd.requests.request import Request
from limpyd.requests.resp import Argument
from limpyd.requests.scattered import Scattered
from limpyd.scripts.object_requests import CREATE, DELETE
from limpyd.scripts.writes import WRITE, WRITE_MEMBERS
from limpyd.statements.statement import Statement
from limpyd.utils.suggestions import did_you_mean

GENERAL = {"create": CREATE, "delete": DELETE}
"""The scripts for operations of a model that no statement is prepared for."""


def script(
    operation: Annotated[
        str,
        typer.Argument(
            metavar="module:Model.operation",
            help="`.create`, `.delete`, or a field and a command, such as `shop:Author.name.hset`.",
        ),
    ],
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help=("A filter `name=value`, for the script of a query on the model.")),
    ] = None,
    sort: Annotated[
        list[str] | None, typer.Option(help="A field to sort the query by; -field for descending order.")
    ] = None,
    values: Annotated[list[str] | None, typer.Option(help="A field that the query reads from each object.")] = None,
    count: Annotated[bool, typer.Option("--count", help="Count the matching objects.")] = False,
) -> int:
    """Print the Lua that the server runs for an operation. Nothing is sent to any server."""
    if filters is not None or sort or values or count:
        model = model_named(operation)
        collection: Any = model.collection(**asked_filters(model, filters or []))
        if sort:
            collection = collection.sort(sort)
        if values:
            collection = collection.values(*values)
        print_lines(of_query(collection, counted=count))
        return 0
    model_name, _, rest = _parted(operation)
    model = model_named(model_name)
    field_name, _, method = rest.rpartition(".")
    print_lines(of_command(model, field_name, method) if field_name else of_model(model, method))
    return 0


def _parted(operation: str) -> tuple[str, str, str]:
    """The model, a dot, and what is to be done; the module may have dots, too."""
    module, colon, path = operation.partition(":")
    model, dot, rest = path.partition(".")
    if not colon or not dot:
        msg = f"{operation!r} is not an operation; write module:Model.create, .delete, or .field.command"
        raise BadUsage(msg)
    return f"{module}:{model}", dot, rest


def of_model(model: Model, operation: str) -> list[str]:
    """The script of a creation or a deletion."""
    if operation not in GENERAL:
        msg = f"{operation!r} is not an operation with a script; write create, delete, or a field and a command"
        raise BadUsage(msg)
    schema = model._schema
    statements = schema.statements[schema.keys.first]
    if operation == "delete" and schema.incoming:
        return of_general(DELETE_RELATED)
    statement = statements.creation if operation == "create" else statements.deletion
    return of_statement(statement) if statement is not None else of_general(GENERAL[operation])


def of_command(model: Model, field_name: str, method: str) -> list[str]:
    """The script of a command on a field."""
    field = model._schema.fields.get(field_name)
    if field is None:
        msg = f"{model.__name__} has no field {field_name!r}{did_you_mean(field_name, model._schema.fields)}"
        raise BadUsage(msg)
    bound: Any = type(field.__get__(model.lazy_connect(1)))
    facts = getattr(getattr(bound, method, None), "facts", None)
    if facts is None:
        msg = f"{field} has no command {method!r}{did_you_mean(method, dir(bound))}"
        raise BadUsage(msg)
    if facts.scope.name == "READ":
        return [f"-- {facts.name} is sent as it is; no script runs"]
    partition = model._schema.keys.first
    statement = field.prepared(partition, field.place_in(partition), facts.name)
    return of_statement(statement) if statement is not None else of_general(WRITE_MEMBERS if field.many else WRITE)


LAYOUTS = {"find_plain": PlainQuery, "page_of_range": PageOfRange}
"""The layouts of the scripts that answer plain queries; others take a whole query."""


def of_query(collection: Any, *, counted: bool = False) -> list[str]:
    """Returns the script with its arguments that answers a query, or the command that does."""
    plan = collection._plan()
    request = plan.count() if counted else plan.items(collection._query.projection, EVERYTHING)
    if not isinstance(request, Scattered):
        return of_request(request)
    requests = first_round(request)
    if not requests:
        return [NOTHING_SENT]
    several = f"{len(requests)} requests are sent at once, the first one"
    head = "one request is sent" if len(requests) == 1 else several
    return [f"-- {head} to the partition {to_text(tag_of(requests[0]))}; others may follow", *of_request(requests[0])]


NOTHING_SENT = "-- nothing is sent, because nothing can match"


def first_round(request: Scattered[Any]) -> list[Request[Any]]:
    """Returns what a query to several partitions sends first, which may be scattered itself."""
    rounds = request.begin()
    try:
        found = next(rounds)
    except StopIteration:
        return []
    finally:
        rounds.close()
    return [part for one in found for part in (first_round(one) if isinstance(one, Scattered) else [one])]


def tag_of(request: Request[Any]) -> bytes:
    """Returns the hash tag of the keys of a request."""
    return (request.key or b"").partition(b"}")[0].removeprefix(b"{")


def of_request(request: Request[Any]) -> list[str]:
    """Returns the script of a request with its arguments, or its command."""
    if not request.args:
        return [NOTHING_SENT]
    if request.script is None:
        sent = [one.args for one in (request, *request.followups)]
        return [f"-- {' '.join(map(shown, args))}" for args in sent] + ["-- is sent as it is; no script runs"]
    layout = LAYOUTS.get(request.script.name)
    if layout is None and "read_request" in request.script.requires:
        layout = Query
    sha, after_keys = request.args[1], 3 + int(request.args[2])
    keys, args = request.args[3:after_keys], request.args[after_keys:]
    pairs = [("", arg) for arg in args] if layout is None else named(layout, args)
    arguments = [f"{shown(arg)!r}  {what}".rstrip() for what, arg in pairs]
    arguments += ["the catalog, the epoch, and 1"] if request.script.guarded else []
    head = f"-- EVALSHA {shown(sha)}, the script {request.script.name}.lua, sent with"
    return [head, *numbered("KEYS", map(shown, keys)), *numbered("ARGV", arguments), request.script.source.decode()]


def shown(arg: Argument) -> str:
    """An argument, as text."""
    return to_text(arg) if isinstance(arg, bytes) else str(arg)


def numbered(name: str, texts: Iterable[str]) -> list[str]:
    """Lines of a comment, one for each element of a table of Lua."""
    return [f"--   {name}[{number}]  {text}" for number, text in enumerate(texts, 1)]


def of_statement(statement: Statement) -> list[str]:
    """A prepared statement: what is sent with it, and its Lua."""
    keys, arguments = statement.parameter_names()
    head = f"-- EVALSHA {statement.script.sha.decode()}, sent with"
    return [head, *numbered("KEYS", keys), *numbered("ARGV", arguments), statement.script.source.decode()]


def of_general(general: Any) -> list[str]:
    """A general script, which takes the declarations of the model as arguments."""
    return [f"-- EVALSHA {general.sha.decode()}: the general script {general.name}.lua", general.source.decode()]


def print_lines(lines: list[str]) -> None:
    """Prints lines of code as they are."""
    sys.stdout.write("\n".join(lines).rstrip() + "\n")
