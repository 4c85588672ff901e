-- A step is all or nothing.
--
-- Redis does not undo what a script did before it failed. So each change notes in the journal the
-- command that takes it back, and whatever stops the step, a refusal of ours or an error of the
-- server, plays the journal backwards.
--
-- A script replies with a list: 'ok' and its results, or why nothing was changed:
--   'gone', number                         no object has the primary key: 0 that of the object itself
--                                          (or no number), else which of the others that take part
--   'stale', version                       the object has another version than it was to have
--   'taken'                                an object has the primary key already
--   'unique', number, value, owner, sub    a value belongs to another object: which command or place
--                                          of a write or which entry of a new object, counted from 0,
--                                          and the sub-key if it is in a hash of its own; or the key of an
--                                          index of several fields instead of the number
--   'absent', number, primary key          a value refers to an object that is not there
--   'restricted', number, primary key, referred to    an object refers to one that was to be deleted: which reference
--                                          (see lua/library/cascade.lua), the primary keys of both
--   'undeclared', reference, primary key, catalog, index    a model that the process does not know may refer to an
--                                                           object
--                                          that was to be deleted: its name and that of the field, its catalog if
--                                          the index of those who refer is not built, and its name there
--   'large', changes, primary key, reference, key    it would be more changes than a step may be (see
--                                                    lua/library/changes.lua): at
--                                          least how many, at which object; the reference by which so many refer to
--                                          that, or the key that holds so many, each if there is one
--   'unbuilt', number                      the index of those who refer does not know all: which reference
--   'unindexable', value, reason, key      the index with this key cannot keep a value
--   'expiring', milliseconds, key, sub-key or false    a value that was to be indexed expires
--   'transform', key, value, key, value, …     Python has to transform the value for the index with the key
--   'many', count                          more than one object where one was asked for
--   'occupied', key, type of key           a key of the new object holds something already
--   'error', message, key, type of key     the server refused a command
--   'unread', message, key, 'none'         the command was done, but its reply, beyond 2^53, could not be read exactly
--   'rounded'                              the reply of a read holds an integer beyond 2^53, which Lua rounded
--   'broken', message, key, 'none'         the server refused a command that was to take a change back
-- @requires call subject_key transform_request
-- @provides abort atomically is_journaled journal journal_length outcome_of refuse roll_back rollback_error savepoint
-- @provides undo_with unlink

-- Flat, four places a note, and with room for some from the start: to make and grow tables costs
-- more than to fill them.
local journal, journal_length = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 0

local savepoint = 0 -- from where on the journal may be played back alone (see lua/library/savepoint.lua)

-- Returns whether what was noted at a place stands there still, and is played back with all that is noted now.
local function is_journaled(at, note)
  return at >= savepoint and at < journal_length and journal[at + 1] == note
end

-- Notes what takes a change back: a command with a key and up to two arguments, or a function of those.
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

local rollback_error = false -- the outcome, if something could not be taken back: it goes before any other outcome

-- Takes back what was noted after a mark; gives whether all of it could be.
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
      rollback_error = rollback_error or { 'broken', message, key or subject_key or '', 'none' }
    end
  end
  journal_length = mark
  return not rollback_error
end

-- The outcome of what was stopped by an error, and is taken back.
local function outcome_of(failure)
  if type(failure) == 'table' and failure.outcome then
    return failure.outcome
  end
  -- Redis hands the errors of its commands to pcall as text.
  local message = type(failure) == 'table' and failure.err or tostring(failure)
  local kind = subject_key and redis.pcall('TYPE', subject_key).ok or 'none'
  return { 'error', message, subject_key or '', kind }
end

local function atomically(step)
  local done, outcome = pcall(step)
  if done and not transform_request then
    return outcome
  end
  if not roll_back(0) then
    return rollback_error
  end
  -- If Python was asked, whatever else was found may have come of what is not known yet.
  return transform_request or outcome_of(outcome)
end
