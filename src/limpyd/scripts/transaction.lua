#!lua
-- Runs many requests as one step: all of them, or nothing.
--
-- KEYS   those of the requests, one after the other
-- ARGV   the requests: each the name of its script, or '' for a plain command; how many of KEYS are its own; a count
--        of arguments, and those, which for a plain command begin with its name
-- Reply  'ok' and the reply of each; or 'asked' (see lib/atomic); or 'refused', which request, counted from 0, and its
--        outcome, which may also be 'replied' and a reply of a query that says that it failed (see find.lua)
-- @guarded
-- @include atomic values dumps

local all_or_nothing = atomically
goes_on = true

-- What a script of one request does alone, it does here as a part: what stops it stops all.
local function atomically(step)
  local before = noted
  local done, outcome = pcall(step)
  if done then
    return outcome
  elseif type(outcome) == 'table' and outcome.outcome and outcome.outcome[1] == 'ok' then
    if not play_back(before) then -- it had nothing to do
      take_back(broken)
    end
    return outcome.outcome
  end
  error(outcome, 0)
end

-- Removes a key, which is put back if a later request is refused.
local function unlink(key)
  dump = dump or make_dump()
  local note_dump = dump(key)
  note_dump()
  call('UNLINK', key)
end

local scripts = {}
-- @script create delete delete_related delete_versions find find_plain get_or_create page page_of_range read update write write_members

local all_keys, all_args, number = KEYS, ARGV, -1
local outcome = all_or_nothing(function()
  local replies, next_key, at = { 'ok' }, 1, 1
  while at <= #all_args do
    number = number + 1
    local name, last_key, first = all_args[at], next_key - 1 + all_args[at + 1], at + 3
    at = first + all_args[at + 2]
    is_last = at > #all_args and not asked
    local reply
    if name == '' then
      subject_key = all_keys[next_key] or false
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
      reply = scripts[name](keys, args)
      if type(reply) == 'table' and (reply.ok == 'GONE' or reply.ok == 'NONE' or reply.ok == 'MANY') then
        refuse('replied', reply.ok)
      end
    end
    replies[number + 2] = reply or false
    next_key = last_key + 1
  end
  return replies
end)
if outcome[1] == 'ok' or outcome[1] == 'asked' then
  return outcome
end
return { 'refused', number, outcome }
