#!lua
-- Checks entries of an index: does the object give each? An entry is compared with its object, and repaired if that is
-- asked for, in one step, so concurrent writers cause no findings.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the kinds of findings to repair (see lua/library/findings.lua)
--        2  about how many entries to look at
--        3  the index (see lua/library/expected_entries.lua)
--        9  the cursor in the first key
--        10… keys of the index
-- Reply  'ok'; the number of keys done; the cursor in the next one; the number of entries looked at; the findings, each
--        'stale', key, primary key, member, and 'malformed', 'stale' or 'score' (see lua/library/actual_entries.lua);
--        or 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call current_key entry_kind findings members_seen note problem_with repair_entry repairs
-- @requires select_index

local at_most, cursor = tonumber(ARGV[2]), ARGV[9]
local SCANS = { set = 'SSCAN', hash = 'HSCAN', zset = 'ZSCAN' }
select_index(3)

local function look_at_entry(key, member, score_or_owner)
  local problem, pk
  if repairs.stale then
    problem, pk = repair_entry(key, member, score_or_owner)
  else
    problem, pk = problem_with(key, member, score_or_owner)
  end
  if problem then
    note('stale', key, pk or false, member, problem, repairs.stale)
  end
end

local function check()
  local keys_done, looked = 0, 0
  for number = 10, #ARGV do
    local key = ARGV[number]
    current_key = key
    if call('TYPE', key).ok ~= entry_kind.type then
      cursor = '0' -- it is gone, or a finding of its own
    else
      local reply = call(SCANS[entry_kind.type], key, cursor, 'COUNT', at_most)
      local step = entry_kind.type == 'set' and 1 or 2
      for at = 1, #reply[2], step do
        look_at_entry(key, reply[2][at], step == 2 and reply[2][at + 1])
        looked = looked + 1
      end
      cursor = reply[1]
    end
    if cursor == '0' then
      keys_done = keys_done + 1
    end
    if cursor ~= '0' or looked >= at_most or members_seen >= 10 * at_most then
      break
    end
  end
  return { 'ok', keys_done, cursor, looked, findings }
end

return atomically(check)
