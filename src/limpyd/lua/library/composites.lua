-- Composite indexes: their entries are noted before the first of their fields is written, and they follow after the
-- last. So the fields of a unique composite index can change one after the other, without conflicts in between.
-- @requires add_entry composite_entry pk_set refuse remove_entry
-- @provides follow_composites forget_composites note_composites

local composites, noted_composites = {}, {}

-- Notes the entries of the composite indexes, which are the last ones; returns the position where the others end.
local function note_composites(first_index, last_index, pk)
  while last_index >= first_index and string.byte(ARGV[last_index - 2]) == 38 do
    local kind, spec, key = ARGV[last_index - 2], ARGV[last_index - 1], ARGV[last_index]
    local of_key = noted_composites[key] or {}
    noted_composites[key] = of_key
    if not of_key[pk] then
      of_key[pk] = true
      composites[#composites + 1] =
        { kind = kind, spec = spec, key = key, pk = pk, set = pk_set, before = composite_entry(spec, pk, kind) or false }
    end
    last_index = last_index - 3
  end
  return last_index
end

local function forget_composites()
  composites, noted_composites = {}, {}
end

local function follow_composites()
  local composites = composites -- later notes belong to later changes
  forget_composites()
  for at = 1, #composites do
    local one = composites[at]
    local after, value, reason = composite_entry(one.spec, one.pk, one.kind)
    if reason then
      refuse('unindexable', value, reason, one.key)
    end
    one.after = after or false
    if one.before and one.before ~= one.after then
      remove_entry(string.sub(one.kind, 2), one.key, one.before, one.pk)
    end
  end
  for at = 1, #composites do
    local one = composites[at]
    if one.after and one.before ~= one.after then
      pk_set = one.set
      add_entry(string.sub(one.kind, 2), one.key, one.after, one.pk, one.key, one.after)
    end
  end
end
