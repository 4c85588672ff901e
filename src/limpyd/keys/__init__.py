"""Every key name is made here; those of limpyd 2 in keys/limpyd2.py.

A key is the hash tag of its model, then the kind, then identifiers (which cannot hold a colon),
and free text last; so whatever the free text holds, two different things never share a key.

    {blog:article}:pks                     set     all primary keys
    {blog:article}:seq                     string  last automatic primary key
    {blog:article}:hash:<pk>               hash    the hash fields of an instance
    {blog:article}:field:<field>:<pk>      any     any other field of an instance
    {blog:article}:eq:<field>:<value>      set     equality index: primary keys having the value
    {blog:article}:uniq:<field>            hash    unique field: value to primary key
    {blog:article}:num:<field>             zset    number index: primary keys by value; of a field of many
                                                   members <number>:<pk> by number
    {blog:article}:lex:<field>             zset    text index: <value><terminator><pk>, all of score 0
    {blog:article}:geo:<field>             zset    index of places: primary keys by geohash; of a field of
                                                   many members <geohash>:<pk>
    {blog:article}:scored:<field>:<value>  zset    equality index with scores: primary keys by another field
    {blog:article}:meta                    hash    which indexes are built
    {blog:article}:stored:<name>           list    a stored collection; it expires

    {blog:article}:field:<field>:<pk>      set     inventory of a dynamic field of an instance: its parts
    {blog:article}:field:<field>.<length of the part>:<part>:<pk>
                                           any     a version of a dynamic field; its sub-key, if it is in the hash, and
                                                   its indexes have the same name

An index that has a prefix or key of its own carries it after the field: `…:num:created.year`. An index of
several fields is named after all of them: `…:eq:name+city:<values>`.

The value under a key of a HashField is indexed as <length of the key>:<key>:<value>, since both are free text;
in sorted sets each sub-key has one of its own: `…:num:<field>:<sub-key>`.

In a text index a NUL in the value is kept as 00 FF, and the terminator is 00 00, so that the order of values is that
of bytes and no value can look like the end of another. (Were it a single 00, a primary key that begins with FF would.)

A model with a feed of changes (see limpyd.changes) has, in each partition:

    {blog:article}:changes                 stream  the changes of objects
    {blog:article}:readers:<group>         hash    when each worker of a group was last heard of, and the last entry of
                                                   each object that was given to one
    {blog:article:7.149}:readers:          hash    the last entry of the feed of the partition from which objects came

A model of several partitions has a hash tag for each, such as {blog:article:7.149}, and claims for unique values:

    {blog:article}:meta                    hash    the number of partitions
    {blog:article:7.149}:claim:<field>     hash    claims of a unique field: value to partition, nonce and time
    {blog:article:7.149}:nonce:<field>     hash    the nonces of the claims of the values that the partition has
    {blog:article:7.149}:clock             string  the time of the claims that the partition keeps
    {blog:article:7.149}:barred            hash    partitions to the times before which their claims are void here
    {blog:article:7.149}:given_up          list    values that were given up, whose claims are to be removed

References between objects of different partitions, or of models on different nodes of a cluster, need more:

    {blog:person:7.149}:clock              string  also the time of deletions of objects that are referred to
    {blog:person:7.149}:closing            hash    objects that are about to be deleted to token and time
    {blog:person:7.149}:tomb               hash    deleted objects that others may still refer to, likewise
    {blog:article:3.12}:barred             hash    also tags, such as blog:person:7.149, to the times before which
                                                   checks of objects are void here

A model that is declared with `colocate_with` has the hash tags of another one, each followed by its own name:

    {blog:article:7.149}comment:hash:<pk>  hash    the hash fields of a comment, beside the article that it belongs to
    {blog:comment}:meta                    hash    the number of partitions, and the model whose tags these are

What needs a key asks for it by partition.
"""

from limpyd.keys.model_keys import ModelKeys
from limpyd.keys.names import (
    encodable,
    key_from_template,
    literal_pattern,
    matches,
    nothing_beside,
    prefix_of,
    to_bytes,
    to_text,
)
from limpyd.keys.partition import KeyParts, Partition, model_behind

__all__ = [
    "KeyParts",
    "ModelKeys",
    "Partition",
    "encodable",
    "key_from_template",
    "literal_pattern",
    "matches",
    "model_behind",
    "nothing_beside",
    "prefix_of",
    "to_bytes",
    "to_text",
]
