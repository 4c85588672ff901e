-- HyperLogLog of a new object, which is stored where index entries are added: the key is that of the value, and the
-- entry the string that the server keeps.
-- @requires call current_key index_kinds key_from_template undo_with
-- @provides index_kinds.hll

function index_kinds.hll()
  return {
    restores = true,
    add = function(prefix, entry, pk)
      current_key = key_from_template(prefix, pk)
      call('SET', current_key, entry)
      undo_with('DEL', current_key)
    end,
  }
end
