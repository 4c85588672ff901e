-- Entries that an index has: those of one of its keys, each a member and what is held with it, the score in a sorted
-- set or the owner in a hash.
-- @requires add_entry call entry_kind expected_entry geohash index_key owners_of remove_entry subject_key undo_with
-- @provides make_room make_room_in_legacy name_and_pk other_owner problem_with repair_entry

-- The name that an entry has in its key, or false, and its primary key; nothing if it is none.
local function name_and_pk(member, with)
  if entry_kind == 'uniq' then
    return member, with
  elseif entry_kind == 'nums' or entry_kind == 'geos' then
    local colon = string.find(member, ':', 1, true)
    if colon then
      return string.sub(member, 1, colon - 1), string.sub(member, colon + 1)
    end
    return nil, nil
  elseif entry_kind == 'lex' then
    local last = string.find(member, '\0\0', 1, true)
    if last then
      return string.gsub(string.sub(member, 1, last - 1), '%z\255', '\0'), string.sub(member, last + 2)
    end
    return nil, nil
  elseif entry_kind == 'sep' then
    local name, pk = string.match(member, '^(.*):TEXT%-RANGE%-SEPARATOR:(.*)$')
    return name, pk
  end
  return false, member
end

local function drop(key, member, with)
  subject_key = key
  if entry_kind == 'eq' then
    call('SREM', key, member)
    undo_with('SADD', key, member)
  elseif entry_kind == 'uniq' then
    call('HDEL', key, member)
    undo_with('HSET', key, member, with)
  else
    call('ZREM', key, member)
    undo_with('ZADD', key, with, member)
  end
end

-- Removes the entry in the place of an object's unique value, if its own object does not give it any more;
-- if it does, returns the owner.
local function make_room(pk, key, entry)
  local owner = call('HGET', key, entry)
  if owner and owner ~= pk then
    if expected_entry(owner, key, entry) then
      return owner
    end
    drop(key, entry, owner)
  end
  return nil
end

-- Returns another owner that gives a unique value too, where all owners are kept, as limpyd 2 does.
local function other_owner(pk, key, entry)
  local in_key, name = entry_kind == 'eq' and key .. entry or key, entry_kind == 'sep' and entry or false
  for _, owner in ipairs(owners_of(entry_kind, key, entry)) do
    if owner ~= pk and expected_entry(owner, in_key, name) then
      return owner
    end
  end
  return nil
end

-- The same as make_room there.
local function make_room_in_legacy(pk, key, entry)
  local other = other_owner(pk, key, entry)
  for _, owner in ipairs(other and {} or owners_of(entry_kind, key, entry)) do
    if owner ~= pk then
      remove_entry(entry_kind, key, entry, owner)
    end
  end
  return other
end

-- Returns whether an entry has the score that it should have.
local function has_its_score(entry, score)
  if entry_kind == 'lex' or entry_kind == 'sep' then
    return tonumber(score) == 0
  elseif entry_kind == 'geo' then
    return tonumber(score) == geohash(entry)
  end
  return tonumber(score) == tonumber(string.match(entry, '^[^:]*'))
end

-- Returns what is wrong with an entry: 'malformed', 'stale', if its object does not give it, or 'score'; nothing if it is
-- right. And its primary key, and the entry that its object gives.
local function problem_with(key, member, with)
  local name, pk = name_and_pk(member, with)
  local entry = pk and expected_entry(pk, key, name)
  if not entry then
    return pk and 'stale' or 'malformed', pk
  elseif entry_kind ~= 'eq' and entry_kind ~= 'uniq' and not has_its_score(entry, with) then
    return 'score', pk, entry
  end
  return nil, pk, entry
end

-- Removes an entry that its object does not give, and puts a wrong score right; gives what was wrong.
local function repair_entry(key, member, with)
  local problem, pk, entry = problem_with(key, member, with)
  if problem then
    drop(key, member, with)
  end
  if problem == 'score' then
    add_entry(entry_kind, entry_kind == 'scored' and index_key or key, entry, pk)
  end
  return problem, pk
end
