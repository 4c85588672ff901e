-- Makes an index follow a value that is added, removed or changed.
-- @requires add_entry index_kind key_and_entry refuse remove_entry texts_of
-- @provides change_value

local function change_value(kind_name, form, key, before, after, pk, number, sub)
  local kind = index_kind(kind_name)
  local old, new, reason = {}, {}, nil
  if before then
    old = texts_of(form, before, key) or old -- what cannot be indexed was not
  end
  if after then
    new, reason = texts_of(form, after, key)
    if not new then
      refuse('unindexable', after, reason, key)
    end
    if sub and string.find(sub, ':', 1, true) and string.find(key, '\0', 1, true) then
      refuse('unindexable', after, 'the layout of limpyd 2 cannot index a sub-key that contains a colon', key)
    end
  end
  if kind.overwrites and new[1] then
    if new[2] then
      refuse('unindexable', after, 'this index stores one value per object', key)
    end
    local entry_key, entry = key_and_entry(kind, key, new[1], sub)
    if not old[1] or not kind.replace then
      add_entry(kind_name, entry_key, entry, pk, number, after, sub)
    elseif old[1] ~= new[1] then
      kind.replace(entry_key, old[1], entry, pk)
    end
    return
  end
  local stays = {}
  for at = 1, #new do
    stays[new[at]] = true
  end
  for at = 1, #old do
    if not stays[old[at]] then
      local entry_key, entry = key_and_entry(kind, key, old[at], sub)
      remove_entry(kind_name, entry_key, entry, pk)
    end
    stays[old[at]] = nil
  end
  for at = 1, #new do
    if stays[new[at]] then
      local entry_key, entry = key_and_entry(kind, key, new[at], sub)
      add_entry(kind_name, entry_key, entry, pk, number, after, sub)
    end
  end
end
