-- Sorts by several keys, of which the first is in the order of an index. The index is walked as far as needed, up to
-- the last object with the same value, and only the objects found there are sorted.
-- @requires all_missing call index_facts pk_of_text step_of
-- @provides in_groups

-- Returns the number of entries before those of a value, and the number up to the last of them.
local function ranks_of_value(key, text)
  if key.numeric then
    return call('ZCOUNT', key.index, '-inf', '(' .. text), call('ZCOUNT', key.index, '-inf', text)
  end
  local beginning = '(' .. string.gsub(text, '%z', '\0\255')
  return call('ZLEXCOUNT', key.index, '-', beginning .. '\0\0'), call('ZLEXCOUNT', key.index, '-', beginning .. '\0\1')
end

-- The value of an entry.
local function value_of_entry(key, entry)
  if key.numeric then
    return call('ZSCORE', key.index, entry)
  end
  return (string.gsub(string.sub(entry, 1, -#pk_of_text(entry) - 3), '%z\255', '\0'))
end

-- Returns the one step of a plan (see lua/library/order_plans.lua); nothing if gathering costs less. The step's
-- `sorted(wanted)` returns the first objects, or nothing once it looks at more than gathering would cost.
local function in_groups(facts, keys, cursor)
  -- @defers sorted_pks take_from_walk walk_of_index
  local key = keys[1]
  local cheap, complete = index_facts(facts, key)
  if not cheap or facts.wanted == math.huge then
    return nil
  end
  local among_missing = cursor and not cursor.texts[1]
  local has_missing = not complete and not (cursor and key.missing_first and not among_missing)

  local function of_missing(wanted)
    return wanted > 0 and has_missing and sorted_pks(all_missing(facts, key), keys, wanted, among_missing and cursor or nil) or {}
  end

  local function of_valued(wanted)
    if among_missing and not key.missing_first or wanted <= 0 then
      return {}
    end
    local at = not among_missing and cursor or nil
    local needed, found = wanted, {}
    if at then -- all objects with the cursor's value may come before it
      local before, up_to = ranks_of_value(key, at.texts[1])
      needed = wanted + up_to - before
    end
    local step = step_of(facts, walk_of_index(key, facts.bound, at, { ranks_of = ranks_of_value, value_of = value_of_entry }), facts.passing)
    if not take_from_walk(step, found, needed, true) then
      return nil
    end
    return sorted_pks(found, keys, wanted, at)
  end

  return {
    {
      sorted = function(wanted)
        local first, second = of_valued, of_missing
        if key.missing_first then
          first, second = of_missing, of_valued
        end
        local found = first(wanted)
        local others = found and second(wanted - #found)
        for at = 1, others and #others or 0 do
          found[#found + 1] = others[at]
        end
        return others and found
      end,
    },
  }
end
