-- Makes the indexes of a field of one value follow it. They are in ARGV from one position to another (see
-- lua/library/add_entry.lua), without those of several fields. If one is refused, `number` says which value it is.
-- @requires add_entry index_kind index_updates make_index_updates refuse remove_entry
-- @provides update_indexes

local function update_indexes(first_index, last_index, before, after, pk, number)
  for index = first_index, last_index, 3 do
    local kind, form, index_key = ARGV[index], ARGV[index + 1], ARGV[index + 2]
    if kind == 'inv' then
      if after and not before then
        add_entry(kind, index_key, form, pk)
      elseif before and not after then
        remove_entry(kind, index_key, form, pk)
      end
    elseif kind == '?required' then
      if not after then
        refuse('constraint', number, index_key, 'required', false, false)
      end
    elseif form == 'text' and not index_kind(kind).overwrites then
      if before then
        remove_entry(kind, index_key, before, pk)
      end
      if after then
        add_entry(kind, index_key, after, pk, number, after)
      end
    else
      index_updates = index_updates or make_index_updates()
      index_updates.change_value(kind, form, index_key, before, after, pk, number)
    end
  end
end
