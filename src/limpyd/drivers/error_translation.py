"""Translates the errors that the server replies with into limpyd's.

Outcomes that scripts reply with are mapped by scripts/error_mapping.py.
"""

from __future__ import annotations

import re
from typing import Any

from redis import exceptions as redis_errors
from redis.asyncio import sentinel as async_sentinel
from redis.sentinel import MasterNotFoundError

from limpyd.exceptions import (
    LimpydError,
    OutcomeUnknown,
    ServerError,
    ServerTimeout,
    ServerUnreachable,
    StoredValueError,
    WrongTypeError,
    shorten,
)
from limpyd.keys import to_text
from limpyd.requests.request import ANY_TYPE, MAX_TRIES, Argument, Request
from limpyd.scripts.error_mapping import shown
from limpyd.scripts.server_messages import NOT_ALLOWED, cure_of_account, plain, too_old

REFUSED_UNEXECUTED = (redis_errors.AuthenticationError, redis_errors.BusyLoadingError, redis_errors.MaxConnectionsError)
"""Errors that redis-py counts among the lost connections, though nothing can have been executed."""

DEMOTED = (redis_errors.ReadOnlyError, redis_errors.MasterDownError)
"""Refusals of a replica, after which the next connection should find the primary."""

NOT_SERVED = (redis_errors.AskError, redis_errors.TryAgainError, redis_errors.ClusterDownError)
"""Refusals of a node of a cluster that does not serve a slot, or not all of its keys."""

NOT_FOUND = (MasterNotFoundError, async_sentinel.MasterNotFoundError)
"""The errors of both clients of Sentinel if no sentinel names a primary."""

ONE_OF_SEVERAL = (
    ". This is one node of a cluster of several, and its account may not ask it for the others: allow +cluster|slots "
    "and +info, and connect again"
)

CURES: dict[type[Exception], str] = {
    redis_errors.MovedError: ONE_OF_SEVERAL,
    redis_errors.AskError: ONE_OF_SEVERAL,
    redis_errors.ClusterCrossSlotError: ". On a cluster only models with colocate_with share slots with others",
    redis_errors.ReadOnlyError: ". This is a replica; connect to the primary, by Sentinel if it moves",
    redis_errors.MasterDownError: ". This is a replica; connect to the primary, by Sentinel if it moves",
    redis_errors.NoPermissionError: NOT_ALLOWED,
    redis_errors.OutOfMemoryError: ". The server is full; delete something, or raise maxmemory",
}
"""The advice on refusals that say nothing themselves."""


WRONG_TYPE = r"WRONGTYPE limpyd ([0-9a-f]*) (\w+)"
NOT_LISTING = r"(?s)WRONGTYPE limpyd: (.*) (is not .*, but a \w+)"
NO_NUMBER = r"limpyd number ([0-9a-f]*)\. ([0-9a-f]*)\. ([0-9a-f]*)\. ([0-9a-f]*)\."
NOT_SORTED = "can't be converted into double"
"""The message of SORT about a value that is no number."""


def with_source(request: Request[Any], args: tuple[Argument, ...]) -> tuple[Argument, ...]:
    """Returns the arguments of a script request with the source, for a server that does not know the script."""
    if request.script is None:
        msg = f"{request!r} runs no script"
        raise TypeError(msg)
    return (b"EVAL", request.script.source, *args[2:])


def never_done(request: Request[Any]) -> ServerError:
    """The error for a request that needed a retry in each of its tries."""
    return ServerError(
        f"{request.subject}: nothing was changed in {MAX_TRIES} tries: each time the server found other values "
        "that only Python can index. A transform must always return the same result for the same value. If other "
        "processes keep changing these values, try again later"
    )


def type_question(request: Request[Any], error: redis_errors.RedisError) -> Request[Exception] | None:
    """After WRONGTYPE on a plain command: the request for the type, which the error names."""
    subject = request.subject
    key = request.key
    if request.script is not None or not str(error).startswith("WRONGTYPE"):
        return None
    if key is None or subject is None or subject.type_of(key) == ANY_TYPE:
        return None

    def decode(found: Any) -> Exception:
        expected = subject.type_of(key)
        if to_text(found) == expected:  # of several keys, another is the wrong one
            return refused(request, error)
        return WrongTypeError(str(subject), to_text(key), expected, to_text(found))

    return Request((b"TYPE", key), decode, readonly=True, subject=subject)


def refused(request: Request[Any], error: redis_errors.RedisError) -> LimpydError:
    """A refusal of the server, with the command it refused."""
    from_script = script_error(request, str(error))
    if from_script is not None:
        return from_script
    known = too_old(str(request.subject), request.args[0], str(error), request.needs)
    if known is not None and request.script is None:
        return known
    cure = next((cure for kind, cure in CURES.items() if isinstance(error, kind)), "") or cure_of_account(str(error))
    text = plain(str(error))
    if NOT_SORTED in text:
        cure = ". Sorting compares untyped values as numbers; to compare them as text, pass alpha=True"
    what = "this" if request.script else _name(request)
    return ServerError(f"{request.subject}: the server refused {what}: {text}{cure}")


def script_error(request: Request[Any], message: str) -> LimpydError | None:
    """Returns the error in the reply of a reading script.

    It is raised in lua/library/wrong_type.lua, lua/library/no_number.lua or lua/library/conditions/listed.lua.
    """
    subject: Any = request.subject
    if match := re.search(WRONG_TYPE, message):
        key = bytes.fromhex(match[1])
        return WrongTypeError(
            str(subject.owner_of(key).field_at(key, None)), to_text(key), subject.type_of(key), match[2]
        )
    if match := re.search(NOT_LISTING, message):
        return ServerError(f"{subject}: the key {match[1]!r} {match[2]}")
    if match := re.search(NO_NUMBER, message):
        key, sub, pk, value = (bytes.fromhex(digits) for digits in match.groups())
        return no_number(subject, key, sub, pk, value)
    return None


def no_number(model: Any, key: bytes, sub: bytes, pk: bytes, value: bytes) -> LimpydError:
    """The error for a value that was to be compared or added as a number."""
    model = model.owner_of(key) if key else model
    field = model.field_at(key, sub) if key else model.pk_field
    who = f"{field} of {shown(model, pk)}"
    if key and field.codec.ordered == "number":
        try:
            field.decode(value, key, pk)
        except StoredValueError as error:
            return error
    return ServerError(
        f"{who} is {shorten(to_text(value))}, which is not a number, so it cannot be added, or compared as a "
        "number. Set a number; or to sort texts, pass alpha=True or declare the field with type=str"
    )


def unreachable(address: str, error: Exception) -> ServerUnreachable:
    """Nothing was executed: there is no connection, or the server does not serve."""
    if isinstance(error, redis_errors.MaxConnectionsError):
        return ServerUnreachable(
            f"all connections to {address} that the pool may open are in use; raise max_connections"
        )
    if isinstance(error, NOT_FOUND):
        # redis-py describes the clients of all sentinels there, not always without their passwords.
        error.args = ("no sentinel names a primary",)
        return ServerUnreachable(
            f"the server at {address} cannot be found: no sentinel that answers knows a primary of this service. "
            "Check that the sentinels run, service_name=, and the sentinels' password in sentinel_kwargs="
        )
    said = str(error).rstrip(".")
    if isinstance(error, NOT_SERVED):
        return ServerUnreachable(
            f"the node at {address} of the cluster does not serve this now ({type(error).__name__}: {said}): slots are "
            "being moved, or a node has failed. Nothing was executed. Try again later, or raise patience="
        )
    cure = "Check that it runs, and check the settings"
    if "CERTIFICATE_VERIFY_FAILED" in said:
        cure = (
            "Pass the certificate of the authority as ssl_ca_certs=, and a name that is in the server's certificate as "
            "host. The nodes of a cluster name addresses by themselves: have them announce names "
            "(cluster-announce-hostname, cluster-preferred-endpoint-type hostname), or pass address_remap="
        )
    return ServerUnreachable(f"the server at {address} cannot be reached or accepts no commands: {said}. {cure}")


def too_few_connections(address: str, limit: int) -> ServerUnreachable:
    """Nothing was executed: an event loop may open no more dedicated connections."""
    return ServerUnreachable(
        f"all connections to {address} that max_connections={limit} allows are in use: the tasks of an event loop "
        "share one connection, and each blocking command and each transaction that watches uses another. Run "
        "fewer of them at the same time, or raise max_connections"
    )


def longest_wait(timeout: float, socket_timeout: float | None) -> float | None:
    """The seconds after which the reply to a blocking request is given up; None for never.

    Args:
        timeout: the seconds after which the server replies, 0 for no limit.
        socket_timeout: by how much the reply may be late.
    """
    return timeout + socket_timeout if timeout and socket_timeout is not None else None


def timed_out(request: Request[Any], address: str, error: Exception) -> ServerTimeout:
    """A read got no reply in time."""
    return ServerTimeout(f"{request.subject}: the server at {address} did not answer in time: {error}")


def outcome_unknown(request: Request[Any], address: str, error: Exception) -> OutcomeUnknown:
    """A write was sent and its reply is lost."""
    return OutcomeUnknown(
        f"{request.subject}: the connection to {address} was lost after a write was sent ({error}). It may or may "
        "not have been executed, so it is not sent again; read the value to find out"
    )


def lost(request: Request[Any], address: str, error: Exception) -> LimpydError:
    """A request was sent with others, and its reply is lost."""
    if not request.readonly:
        return outcome_unknown(request, address, error)
    if isinstance(error, redis_errors.TimeoutError):
        return timed_out(request, address, error)
    return unreachable(address, error)


def _name(request: Request[Any]) -> str:
    name = request.args[0]
    return name.decode() if isinstance(name, bytes) else str(name)
