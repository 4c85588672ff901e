"""What the documentation of redis-limpyd 2.1.2 names, in its words; tools/limpyd2.py looks up what it is here."""

from __future__ import annotations

MODULES = {
    "limpyd": "VERSION EXACT_VERSION fields model",
    "limpyd.model": (
        "RedisModel RedisDatabase StringField InstanceHashField HashField SetField ListField SortedSetField "
        "PKField AutoPKField DoesNotExist UniquenessError ImplementationError"
    ),
    "limpyd.database": "RedisDatabase DEFAULT_CONNECTION_SETTINGS Lock",
    "limpyd.fields": (
        "RedisField SingleValueField MultiValuesField StringField InstanceHashField HashField SetField ListField "
        "SortedSetField PKField AutoPKField"
    ),
    "limpyd.indexes": "BaseIndex EqualIndex TextRangeIndex NumberRangeIndex",
    "limpyd.collection": "CollectionManager",
    "limpyd.exceptions": "LimpydException DoesNotExist UniquenessError ImplementationError",
    "limpyd.utils": "make_key unique_key normalize",
    "limpyd.contrib.database": "PipelineDatabase",
    "limpyd.contrib.related": (
        "RelatedModel FKStringField FKInstanceHashField M2MSetField M2MListField M2MSortedSetField"
    ),
    "limpyd.contrib.collection": "ExtendedCollectionManager SORTED_SCORE DEFAULT_STORE_TTL",
    "limpyd.contrib.indexes": (
        "MultiIndexes DateIndex DateIndexParts DateRangeIndex TimeIndex TimeIndexParts TimeRangeIndex "
        "DateTimeIndex DateSimpleTimeIndex SimpleDateTimeIndex ScoredEqualIndex EqualIndexWith"
    ),
}
"""Import paths, with the names that are imported from them."""

MODEL_SETTINGS = "database namespace abstract lockable collection_manager default_indexes"
"""What a class of models declares besides its fields."""

FIELD_ARGUMENTS = "default indexable unique indexes lockable"
RELATION_ARGUMENTS = "to related_name"
"""Of the constructors."""

MEMBERS = {
    "a database": (
        "connect(**settings) reset(**settings) connection scan_keys(match, count) redis_version connection_settings"
    ),
    "a pipeline database": "pipeline(transaction, share_in_threads) transaction(func, *watches)",
    "a pipeline": "execute() watch(*names) multi()",
    "a class of models": (
        "get(pk) get(**filters) get_or_connect(**filters) exists(**filters) lazy_connect(pk) from_pks(pks, lazy) "
        "collection(**filters) collection(manager) instances(lazy, **filters) scan_model_keys(count) "
        "use_database(database) get_field(field_name) get_fields() has_field(field_name) "
        "get_class_field(field_name) get_class_fields() get_connection() make_key(*args) DoesNotExist"
    ),
    "an instance": (
        "delete() scan_keys(count) hmget(*names) hmset(**values) hgetall() hkeys() hvals() hlen() hdel(*names) pk "
        "_pk connected connect() connection key fields get_field(field_name) get_instance_field(field_name) "
        "get_fields() post_command"
    ),
    "a field": (
        "key name delete() exists() proxy_get() proxy_set(value) proxy_getter proxy_setter make_key(*args) "
        "connection database indexable unique post_command"
    ),
    "a field with a key of its own": (
        "expire(time) pexpire(time) expireat(when) pexpireat(when) ttl() pttl() persist()"
    ),
    "a declared field": (
        "get_index(index_class, key, prefix) clear_indexes(chunk_size, aggressive) "
        "rebuild_indexes(chunk_size, aggressive_clear)"
    ),
    "a StringField": (
        "get() set(value, ex, px) getset(value) append(value) setnx(value) setex(time, value) "
        "psetex(time_ms, value) incr(amount) incrby(amount) incrbyfloat(amount) decr(amount) decrby(amount) "
        "strlen() getrange(start, end) setrange(offset, value) getbit(offset) setbit(offset, value) "
        "bitcount(start, end) bitpos(bit, start, end)"
    ),
    "an InstanceHashField": (
        "hget() hset(value) hsetnx(value) hdel() hexists() hincrby(amount) hincrbyfloat(amount) delete()"
    ),
    "a HashField": (
        "hget(key) hset(key, value) hsetnx(key, value) hmget(*keys) hmset(**values) hgetall() hkeys() hvals() "
        "hlen() hdel(*keys) hexists(key) exists(key) hstrlen(key) hincrby(key, amount) hincrbyfloat(key, amount) "
        "hscan(match, count)"
    ),
    "a SetField": (
        "sadd(*values) srem(*values) spop(count) smembers() scard() sismember(value) srandmember(number) "
        "sscan(match, count) sort(alpha, desc, start, num)"
    ),
    "a ListField": (
        "lpush(*values) rpush(*values) lpushx(*values) rpushx(*values) lpop() rpop() lrange(start, end) lmembers() "
        "llen() lindex(index) lset(index, value) linsert(where, refvalue, value) lrem(count, value) "
        "ltrim(start, end) lcontains(value) lrank(value) lcount(value) sort(alpha, desc, start, num)"
    ),
    "a SortedSetField": (
        "zadd(mapping, ch) zadd(**scores) zrem(*values) zincrby(amount, value) zscore(value) zcard() "
        "zcount(min, max) zmembers() zrange(start, end, withscores) zrevrange(start, end, withscores) "
        "zrangebyscore(min, max, start, num, withscores) zrevrangebyscore(max, min, start, num, withscores) "
        "zrank(value) zrevrank(value) zrangebylex(min, max, start, num) zrevrangebylex(max, min, start, num) "
        "zlexcount(min, max) zremrangebyrank(min, max) zremrangebyscore(min, max) zremrangebylex(min, max) "
        "zpopmin(count) zpopmax(count) zscan(match, count)"
    ),
    "a PKField": "get() set(value) exists() delete()",
    "a collection": (
        "sort(by, alpha, desc) instances(lazy) primary_keys() clone() __len__ __iter__ __getitem__(item) __bool__"
    ),
    "an extended collection": (
        "filter(**filters) intersect(*sets) values(*names) values_list(*names, flat) sort(by_score) "
        "store(key, ttl) from_stored(key) stored_key stored_key_exists()"
    ),
    "an index": (
        "configure(prefix, key, transform, handle_uniqueness, name) get_storage_key(*args, transform_value) "
        "field model connection transform_value(value) normalize_value(value, transform) "
        "clear(chunk_size, aggressive) rebuild(chunk_size, aggressive_clear)"
    ),
    "MultiIndexes": "compose(index_classes, key, transform, name)",
    "ScoredEqualIndex": "configure(score_field)",
    "EqualIndexWith": "configure(other_fields, unique)",
    "a foreign key": "instance(lazy)",
    "a field of many references": "__call__(**filters) collection(**filters)",
    "the other side of a reference": "__call__(**filters)",
}
"""Attributes and methods by what has them; a method with its arguments, which are those of redis-py on commands."""

SUFFIXES = {
    "EqualIndex": "eq in",
    "TextRangeIndex": "eq in gt gte lt lte startswith",
    "NumberRangeIndex": "eq in gt gte lt lte",
    "DateIndex": "eq in gt gte lt lte startswith year month day",
    "TimeIndex": "eq in gt gte lt lte startswith hour minute second",
    "DateTimeIndex": "eq in gt gte lt lte startswith year month day date time hour minute second",
    "DateSimpleTimeIndex": "eq in gt gte lt lte startswith year month day date time",
    "SimpleDateTimeIndex": "eq in gt gte lt lte startswith date time",
}
"""What follows the name of a field in filters, by index."""
