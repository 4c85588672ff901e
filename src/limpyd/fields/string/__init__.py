"""StringField: a Redis string of its own."""

from limpyd.fields.string.bitfield import Get, IncrBy, Operation, Set
from limpyd.fields.string.commands import BoundString, CommonSubsequence, Match, StringField

__all__ = ["BoundString", "CommonSubsequence", "Get", "IncrBy", "Match", "Operation", "Set", "StringField"]
