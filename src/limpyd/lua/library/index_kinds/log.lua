-- Stream of a new object, which is stored where index entries are added: the key is that of the stream, and the entry a
-- list of texts, each after its length and a colon: the last id, the number of entries that were ever added, the
-- largest id of a deleted one; then for each entry its id, the number of texts that follow, and its names and values.
-- @requires call current_key index_kinds key_from_template undo_with
-- @provides index_kinds.log

-- Returns the function that gives the next text, or nothing at the end.
local function text_reader(packed)
  local at = 1
  return function()
    local colon = string.find(packed, ':', at, true)
    if colon then
      local last = colon + string.sub(packed, at, colon - 1)
      at = last + 1
      return string.sub(packed, colon + 1, last)
    end
  end
end

function index_kinds.log()
  return {
    restores = true,
    add = function(prefix, entry, pk)
      local key, next_text = key_from_template(prefix, pk), text_reader(entry)
      local last_id, added, max_deleted_id = next_text(), next_text(), next_text()
      current_key = key
      undo_with('DEL', key)
      local id = next_text()
      if not id then
        call('XADD', key, 'MAXLEN', 0, last_id, '', '')
      end
      while id do
        local pairs = {}
        for number = 1, tonumber(next_text()) do
          pairs[number] = next_text()
        end
        call('XADD', key, id, unpack(pairs))
        id = next_text()
      end
      call('XSETID', key, last_id, 'ENTRIESADDED', added, 'MAXDELETEDID', max_deleted_id)
    end,
  }
end
