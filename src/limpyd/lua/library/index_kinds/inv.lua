-- Inventory of a dynamic field (see lua/library/dynamic_parts.lua): the set of the parts that an object has versions
-- for; the entry is the part.
-- @requires call current_key index_kinds key_from_template undo_with
-- @provides index_kinds.inv

function index_kinds.inv()
  return {
    add = function(key, part, pk)
      current_key = key_from_template(key, pk)
      if call('SADD', current_key, part) == 1 then
        undo_with('SREM', current_key, part)
      end
    end,
    remove = function(key, part, pk)
      current_key = key_from_template(key, pk)
      if call('SREM', current_key, part) == 1 then
        undo_with('SADD', current_key, part)
      end
    end,
  }
end
