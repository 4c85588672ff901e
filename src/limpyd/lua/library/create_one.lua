-- Creates one of many new objects (see lua/library/bulk_input.lua).
-- @requires call current_key each_entry each_key mint refuse store_values undo_with
-- @provides create_one

local function create_one(object, minted)
  if minted then
    object.pk = mint()
  else
    current_key = KEYS[1]
    if call('SADD', KEYS[1], object.pk) == 0 then
      refuse('taken')
    end
    undo_with('SREM', KEYS[1], object.pk)
  end
  each_key(object, function(key)
    if call('EXISTS', key) == 1 then
      refuse('occupied', key, call('TYPE', key).ok)
    end
    undo_with('DEL', key)
  end)
  store_values(object)
  each_entry(object, function(index, text, number)
    current_key = index.key
    index.kind.add(index.key, text, object.pk, number, text)
  end)
  return object.pk
end
