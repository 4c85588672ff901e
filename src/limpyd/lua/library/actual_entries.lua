-- The entries that an index has: the members of one of its keys, each with its score in a sorted set, or its owner in a
-- hash.
-- @requires call current_key entry_kind expected_entry index_key key_of owners_in undo_with
-- @provides name_and_pk problem_with remove_stale_owners repair_entry valid_owner

-- Returns the name of an entry within its key, or false if it is the primary key alone; and its primary key. Returns
-- nothing if a member is no entry.
local function name_and_pk(member, score_or_owner)
  if entry_kind.split then
    return entry_kind.split(member, score_or_owner)
  end
  return false, member
end

local function drop(key, member, score_or_owner)
  current_key = key
  if entry_kind.type == 'set' then
    call('SREM', key, member)
    undo_with('SADD', key, member)
  elseif entry_kind.type == 'hash' then
    call('HDEL', key, member)
    undo_with('HSET', key, member, score_or_owner)
  else
    call('ZREM', key, member)
    undo_with('ZADD', key, score_or_owner, member)
  end
end

-- Returns another object that has an object's unique value, and gives it to the index.
local function valid_owner(pk, key, entry)
  local in_key, name = key_of(key, entry), entry_kind.split and entry or false
  for _, owner in ipairs(owners_in(entry_kind.name).list(key, entry)) do
    if owner ~= pk and expected_entry(owner, in_key, name) then
      return owner
    end
  end
  return nil
end

-- The same. If there is none, removes the entries of that value, which their objects do not give any more.
local function remove_stale_owners(pk, key, entry)
  local other = valid_owner(pk, key, entry)
  for _, owner in ipairs(other and {} or owners_in(entry_kind.name).list(key, entry)) do
    if owner ~= pk then
      current_key = key
      entry_kind.remove(key, entry, owner)
    end
  end
  return other
end

-- Returns whether an entry has its score.
local function has_its_score(entry, score)
  local expected = entry_kind.score_of and entry_kind.score_of(entry) or tonumber(string.match(entry, '^[^:]*'))
  return tonumber(score) == expected
end

-- Returns the problem of an entry: 'malformed', 'stale' if its object does not give it, 'score', or nothing. Then its
-- primary key, and the entry that its object gives.
local function problem_with(key, member, score_or_owner)
  local name, pk = name_and_pk(member, score_or_owner)
  local entry = pk and expected_entry(pk, key, name)
  if not entry then
    return pk and 'stale' or 'malformed', pk
  elseif entry_kind.type == 'zset' and not has_its_score(entry, score_or_owner) then
    return 'score', pk, entry
  end
  return nil, pk, entry
end

-- Removes an entry that its object does not give, and corrects a wrong score; returns the problem.
local function repair_entry(key, member, score_or_owner)
  local problem, pk, entry = problem_with(key, member, score_or_owner)
  if problem then
    drop(key, member, score_or_owner)
  end
  if problem == 'score' then
    entry_kind.add(entry_kind.key_of and index_key or key, entry, pk)
  end
  return problem, pk
end
