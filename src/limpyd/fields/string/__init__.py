"""StringField: a Redis string of its own, its text, numbers and bits."""

from limpyd.fields.string.bitfield import Get, IncrBy, Operation, Set
from limpyd.fields.string.commands import BoundString
from limpyd.fields.string.common_subsequence import CommonSubsequence, Match
from limpyd.fields.string.field import StringField

__all__ = ["BoundString", "CommonSubsequence", "Get", "IncrBy", "Match", "Operation", "Set", "StringField"]
