#!lua
-- Runs many requests as one step: all of them, or nothing.
--
-- KEYS   those of the requests, one after the other
-- ARGV   for each request:
--          name   its script, or '' for a plain command
--          count  the number of KEYS that are its own
--          args   its arguments: a count, and those; for a plain command the first is the command's name
--        A request that uses results of earlier ones follows one whose script is '=', and whose arguments say where they
--        are put (see lua/library/step_results.lua).
-- Reply  'ok' and the reply of each; or 'transform' (see lua/library/journal.lua); or 'refused', the position of the
--        request, counted from 0, and its outcome, which may also be 'replied' and GONE, NONE or MANY (see
--        scripts/find.lua)
-- @guarded

local all_keys, all_args = KEYS, ARGV
local KEYS, ARGV = {}, {} -- those of the request that is run, as the library and the scripts see them
-- @requires abort atomically call current_key dump holds_rounded in_transaction is_last_request journal_length
-- @requires make_dump pk_set refuse roll_back rollback_error transform_request unlink

in_transaction = true
local all_or_nothing = atomically

-- Runs a request as a part: an error of it stops all.
function atomically(step)
  local before = journal_length
  local done, outcome = pcall(step)
  if done then
    return outcome
  elseif type(outcome) == 'table' and outcome.outcome and outcome.outcome[1] == 'ok' then
    if not roll_back(before) then -- it had nothing to do
      abort(rollback_error)
    end
    return outcome.outcome
  end
  error(outcome, 0)
end

-- Removes a key, which is put back if a later request is refused.
function unlink(key)
  dump = dump or make_dump()
  local note_dump = dump(key)
  note_dump()
  call('UNLINK', key)
end

-- Functions are made anew each time, so only those are made that the requests need.
local scripts, wanted, at = {}, {}, 1
while at <= #all_args do
  wanted[all_args[at]] = true
  at = at + 3 + all_args[at + 2]
end

if wanted.create or wanted.refer or wanted.update or wanted.write or wanted.write_members then
  -- @scripts create refer update write write_members
end
if wanted.create_and_update then
  -- @scripts create_and_update
end
if wanted.delete or wanted.delete_related or wanted.delete_versions then
  -- @scripts delete delete_related delete_versions
end
if wanted.find or wanted.get_or_create or wanted.page or wanted.update_or_create then
  -- @scripts find get_or_create page update_or_create
end
if wanted.find_plain or wanted.owner or wanted.page_of_range or wanted.read or wanted.sorted_rows then
  -- @scripts find_plain owner page_of_range read sorted_rows
end

local put_results
if wanted['='] then
  -- @defers put_step_results
  put_results = put_step_results
end

local number = -1
local outcome = all_or_nothing(function()
  local replies, next_key, at = { 'ok' }, 1, 1
  while at <= #all_args do
    number = number + 1
    local uses = false
    if all_args[at] == '=' then
      uses, at = at, at + 3 + all_args[at + 2]
    end
    local name, last_key, first = all_args[at], next_key - 1 + all_args[at + 1], at + 3
    at = first + all_args[at + 2]
    if uses then
      put_results(all_args, uses + 3, uses + 2 + all_args[uses + 2], first, replies)
    end
    is_last_request = at > #all_args and not transform_request
    local reply
    if name == '' then
      current_key = all_keys[next_key] or false
      reply = call(unpack(all_args, first, at - 1))
      if holds_rounded(reply) then
        refuse('rounded')
      end
    else
      local keys, args = {}, {}
      for key = next_key, last_key do
        keys[#keys + 1] = all_keys[key]
      end
      for arg = first, at - 1 do
        args[#args + 1] = all_args[arg]
      end
      args.promises = all_args.promises
      KEYS, ARGV, pk_set = keys, args, keys[1]
      reply = scripts[name]()
      if type(reply) == 'table' and (reply.ok == 'GONE' or reply.ok == 'NONE' or reply.ok == 'MANY') then
        refuse('replied', reply.ok)
      end
    end
    replies[number + 2] = reply or false
    next_key = last_key + 1
  end
  return replies
end)
if outcome[1] == 'ok' or outcome[1] == 'transform' or outcome[1] == 'promise' then
  return outcome
end
return { 'refused', number, outcome }
