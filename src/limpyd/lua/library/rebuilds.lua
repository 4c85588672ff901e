-- The progress of the rebuilds of indexes. It is in the catalog of the model (see indexes/maintenance/declare.lua),
-- under `rebuilding:` and the name of the index.
-- @provides new_rebuild note_rebuild run_of_server state_of_rebuild

-- Returns the run id of the server, since cursors mean nothing to another run; '' if the account may not ask.
local function run_of_server()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
end

-- Returns the progress of a rebuild, if it can go on from there:
--   signature  that of the index
--   run        which run of the server its cursors belong to
--   together   what all indexes are that are rebuilt together
--   items      objects, or keys of the index, to be looked at next
--   cursor     where there are more of them, or false
--   key        the key of the index that is looked at; nothing before all objects were entered
--   waits_for  the walk that finds the keys of the index, or false
--   inner      where there is more of a large value, or in `key`; or false
--   entries    members of `key`, and what is held with each, to be looked at next
--   counts     of `objects` looked at, entries `given` by them, and `entries` looked at
local function state_of_rebuild(hash, name, signature, run)
  local packed = redis.call('HGET', hash, 'rebuilding:' .. name)
  local state = packed and cmsgpack.unpack(packed)
  return state and state.signature == signature and state.run == run and state or nil
end

local function new_rebuild(signature, run, together)
  return {
    signature = signature,
    run = run,
    together = together,
    items = {},
    cursor = '0',
    inner = false,
    entries = {},
    counts = { objects = 0, given = 0, entries = 0 },
  }
end

-- Notes the progress of a rebuild. If an epoch is given, the rebuild begins: processes that write to the model must
-- notice. From then on the index counts as not built, if another process has built it in another form since this
-- process read the catalog.
local function note_rebuild(hash, name, state, epoch)
  redis.call('HSET', hash, 'rebuilding:' .. name, cmsgpack.pack(state))
  if epoch then
    local held = redis.call('HGET', hash, name)
    if held and held ~= state.signature then
      redis.call('HSET', hash, name, '-')
    end
    redis.call('HSET', hash, ':epoch', epoch)
  end
end
