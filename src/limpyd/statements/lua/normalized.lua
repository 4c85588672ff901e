-- Makes the text that an index keeps of a value.
--
-- A new value that the index cannot keep is refused ('unindexable'); an old one has no entry. If only Python can
-- transform the value, the outcome is 'transform' (see scripts/python_transforms.py).

-- [old normalized]
old$i = $normalized
-- [old transform]
old$i, reply, unknown = $normalized
if unknown then outcome = { 'transform', $key, $before, $key, $value or $before } break end
-- [new normalized]
new$i, reply = $normalized
if not new$i then outcome = { 'unindexable', $value, reply, $key } break end
-- [new transform]
new$i, reply, unknown = $normalized
if unknown then outcome = { 'transform', $key, $value } break end
if not new$i then outcome = { 'unindexable', $value, reply, $key } break end
-- [score]
local function score$i()
  -- @defers $function
  return $before and $normalized
end
