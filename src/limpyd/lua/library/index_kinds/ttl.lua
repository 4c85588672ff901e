-- Expiry of a value of a new object, which is set where index entries are added, after the values: the key is that of
-- the value, and the entry the moment in milliseconds since 1970; for an entry of a hash a colon and its sub-key follow.
-- To take back the creation of the object is to delete the key.
-- @requires call call_if_supported current_key index_kinds key_from_template
-- @provides index_kinds.ttl

function index_kinds.ttl()
  return {
    restores = true,
    add = function(prefix, entry, pk)
      local moment, colon, sub = string.match(entry, '^(%d+)(:?)(.*)$')
      current_key = key_from_template(prefix, pk)
      if colon == '' then
        call('PEXPIREAT', current_key, moment)
      elseif not call_if_supported('HPEXPIREAT', current_key, moment, 'FIELDS', 1, sub) then
        error({ err = 'a single key of a hash expires only from Redis 7.4 and Valkey 9.0 on' })
      end
    end,
  }
end
