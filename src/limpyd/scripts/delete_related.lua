#!lua flags=allow-oom
-- Deletes an object that others may refer to, with all that comes of it.
--
-- KEYS   the set of primary keys
-- ARGV   the primary key; the models that are concerned (see library/consequences)
-- Reply  'ok'; or 'gone', 'restricted', 'undeclared', 'asked', 'error' (see library/atomic)
-- @guarded
-- @requires atomically read_models refuse take_away unlink_taken

return atomically(function()
  if take_away({ ARGV[1] }, read_models(2)) == 0 then
    refuse('gone')
  end
  unlink_taken()
  return { 'ok' }
end)
