-- Makes a step all or nothing. (Prepared statements have their own undo: statements/lua/undo.lua.)
--
-- Redis does not undo what a script did before it failed. So for each change the journal has the command that takes it
-- back. Whatever stops the step, a refusal of limpyd or an error of the server, the journal is played backwards.
--
-- A script replies with a list: 'ok' and its results, or the outcome that says why nothing was changed:
--   'gone', number                         the object does not exist; the number is 0 or absent for the object itself,
--                                          else that of another one that takes part
--   'stale', version                       the object has this version, not the one that was expected
--   'taken'                                another object has the primary key
--   'unique', number, value, owner, sub    the value belongs to another object. `number` counts the values of a write, or
--                                          the entries of a new object, from 0; for a composite index it is the index's
--                                          key. `sub` is the sub-key, if the value is in a hash of its own
--   'absent', number, primary key          the value refers to an object that does not exist
--   'restricted', number, primary key, referred to    the object refers to one that was to be deleted; `number` is that
--                                          of the reference (see lua/library/cascade.lua)
--   'undeclared', reference, primary key, catalog, index    a model that the process does not know may refer to an
--                                          object that was to be deleted: the names of that model and its field; if the
--                                          index of the field is not built, the catalog of that model and the name of
--                                          the index
--   'large', changes, primary key, reference, key    the step would make more changes than its limit (see
--                                          lua/library/changes.lua): at least `changes`, which it reached at this
--                                          object; if too many objects refer to it, their reference; if a key holds too
--                                          many, that key
--   'unbuilt', number                      the index of this reference (see lua/library/cascade.lua) is not built
--   'constraint', number, row, name, value, sub    the value, or the number of members, breaks the constraint of this name;
--                                          no value if there has to be one. `number` is that of 'unique'; in a migration
--                                          it is the row of the constraint (see lua/library/constraint_kind.lua)
--   'unindexable', value, reason, key      the index with this key cannot keep the value
--   'unmet'                                the object does not meet the condition of an update
--   'closed', record                       the objects are on their way to another database, or have gone there, as the
--                                          record of the partition says (see limpyd.relocation)
--   'incomputable', number, reason, value  the result of an expression for the field with this number cannot be stored;
--                                          or one of a condition cannot be computed, if the number is false
--   'valueless', number, type              the field has no value, and there is no zero of its type to compute with
--   'undecodable', number, type, value, key, sub-key    the stored value of the field is none of the type
--   'expiring', milliseconds, key, sub-key or false    a value that was to be indexed expires
--   'transform', key, value, key, value, …     Python has to transform the value for the index with the key
--   'promise', key, text, primary key, key, text, primary key, …   another partition has to be asked first: for the claim
--                                          of the value in the index with the key (see limpyd.claims), or whether the
--                                          object exists to which the one with the primary key refers (limpyd.targets)
--   'many', count                          more than one object matches, where one was asked for
--   'occupied', key, type of key           a key of the new object holds something already
--   'error', message, key, type of key     the server refused a command
--   'unread', message, key, 'none'         the command was run, but its reply, beyond 2^53, could not be read exactly
--   'rounded'                              the reply of a read holds an integer beyond 2^53, which Lua rounded
--   'broken', message, key, 'none'         the server refused a command that was to take a change back
-- @requires call current_key promise_request transform_request
-- @provides abort atomically is_journaled journal journal_length outcome_of refuse roll_back rollback_error savepoint
-- @provides undo_with unlink

-- A flat list, four items for each note, with room for some from the start: making and growing tables costs more than
-- filling them.
local journal, journal_length = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 0

local savepoint = 0 -- the position from which the journal may be played back alone (see lua/library/savepoint.lua)

-- Returns whether a note is still at its position, and will be played back with everything noted from now on.
local function is_journaled(at, note)
  return at >= savepoint and at < journal_length and journal[at + 1] == note
end

-- Notes what takes a change back: a command with a key and up to two arguments, or a function with the same.
local function undo_with(command, key, first, second)
  journal[journal_length + 1], journal[journal_length + 2], journal[journal_length + 3], journal[journal_length + 4] = command, key, first or false, second or false
  journal_length = journal_length + 4
end

-- Takes back what was done, and replies with an outcome.
local function abort(outcome)
  error({ outcome = outcome })
end

local function refuse(...)
  abort({ ... })
end

-- Removes a key, which cannot be taken back.
local function unlink(key)
  call('UNLINK', key)
end

local rollback_error = false -- the outcome 'broken', if a change could not be taken back; it takes precedence

-- Takes back what was noted after a position; returns whether all of it could be.
local function roll_back(mark)
  for at = journal_length - 3, mark + 1, -4 do
    local command, key, first, second = journal[at], journal[at + 1], journal[at + 2], journal[at + 3]
    local undone, result = true, nil
    if type(command) == 'function' then
      undone, result = pcall(command, key, first, second)
    elseif second then
      result = redis.pcall(command, key, first, second)
    elseif first then
      result = redis.pcall(command, key, first)
    else
      result = redis.pcall(command, key)
    end
    if not undone or type(result) == 'table' and result.err then
      local name = type(command) == 'string' and command .. ': ' or ''
      local message = name .. (type(result) == 'table' and result.err or tostring(result))
      rollback_error = rollback_error or { 'broken', message, key or current_key or '', 'none' }
    end
  end
  journal_length = mark
  return not rollback_error
end

-- The outcome of a step that an error stopped, and that is taken back.
local function outcome_of(failure)
  if type(failure) == 'table' and failure.outcome then
    return failure.outcome
  end
  -- Redis hands the errors of its commands to pcall as text.
  local message = type(failure) == 'table' and failure.err or tostring(failure)
  local kind = current_key and redis.pcall('TYPE', current_key).ok or 'none'
  return { 'error', message, current_key or '', kind }
end

local function atomically(step)
  local done, outcome = pcall(step)
  if done and not transform_request and not promise_request then
    return outcome
  end
  if not roll_back(0) then
    return rollback_error
  end
  -- A transform request has precedence: a refusal may be wrong as long as texts of Python transforms are missing.
  return transform_request or not done and outcome_of(outcome) or promise_request
end
