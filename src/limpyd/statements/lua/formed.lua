-- What an index keeps of a value, worked out here. A text that it cannot keep is not in it, and is no new value; some
-- only Python knows, which is asked (see indexes/python_transforms.py).

-- [old formed]
old$i = $formed
-- [old asked]
old$i, reply, unknown = $formed
if unknown then outcome = { 'asked', $key, $before, $key, $value or $before } break end
-- [new formed]
new$i, reply = $formed
if not new$i then outcome = { 'unindexable', $value, reply, $key } break end
-- [new asked]
new$i, reply, unknown = $formed
if unknown then outcome = { 'asked', $key, $value } break end
if not new$i then outcome = { 'unindexable', $value, reply, $key } break end
-- [score]
local function score$i()
  -- @defers $function
  return $before and $formed
end
