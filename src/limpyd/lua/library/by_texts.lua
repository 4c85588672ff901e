-- Puts objects in the order of texts by their bytes.
-- @requires by_ranks comes_before
-- @provides by_texts

local HEAD = 6 -- a double holds this many bytes exactly, and whether the text ends within them
local DEEPEST = 50

-- Some bytes of a text as a number in the same order; 0 stands for the end.
local function head_of(text, from)
  local a, b, c, d, e, f = string.byte(text, from, from + 5)
  return (((((a or -1) * 257 + (b or -1)) * 257 + (c or -1)) * 257 + (d or -1)) * 257 + (e or -1)) * 257
    + (f or -1)
    + 1125534404358 -- six times the digit 1: what it takes to count bytes from 1 on
end

-- The position up to which some texts are equal, that are equal up to `from`.
local function end_of_common(positions, texts, from)
  local common = string.sub(texts[positions[1]], from)
  for number = 2, #positions do
    local text, length = texts[positions[number]], #common
    if string.sub(text, from, from + length - 1) ~= common then
      local equal, differs = 0, length
      while equal + 1 < differs do
        local middle = math.floor((equal + differs) / 2)
        if string.sub(text, from, from + middle - 1) == string.sub(common, 1, middle) then
          equal = middle
        else
          differs = middle
        end
      end
      if equal == 0 then
        return from
      end
      common = string.sub(common, 1, equal)
    end
  end
  return from + #common
end

-- The same as by_texts, for texts that share one beginning after another.
local function by_comparing(positions, texts, down, cursor, take)
  table.sort(positions, function(one, other)
    return texts[one] ~= texts[other] and comes_before(texts[one], texts[other]) ~= down
  end)
  local some
  for number = 1, #positions do
    local text = texts[positions[number]]
    if not cursor or text == cursor or comes_before(cursor, text) ~= down then
      some = some or {}
      some[#some + 1] = positions[number]
      if texts[positions[number + 1]] ~= text then
        if take(some, text == cursor) then
          return true
        end
        some = nil
      end
    end
  end
  return false
end

-- Calls `take` with the objects in the order of their texts, from a cursor's text on if there is one: one object, or
-- several of equal texts, and whether their text is the cursor's. Ends when `take` returns true, and returns whether it
-- did. The texts are equal before `from`.
local function by_texts(positions, texts, down, cursor, wanted, take, from, depth)
  from, depth = from or 1, depth or 1
  if #positions == 0 then
    return false
  elseif #positions == 1 and not cursor then
    return take(positions, false)
  elseif depth > DEEPEST then
    return by_comparing(positions, texts, down, cursor, take)
  end
  local start = end_of_common(positions, texts, from)
  local cursor_head
  if cursor then
    local own, other = string.sub(texts[positions[1]], from, start - 1), string.sub(cursor, from, start - 1)
    if own == other then
      cursor_head = (down and -1 or 1) * head_of(cursor, start)
    elseif comes_before(own, other) ~= down then
      return false
    end
  end
  local heads = {}
  for number = 1, #positions do
    local head = head_of(texts[positions[number]], start)
    heads[number] = down and -head or head
  end
  return by_ranks(positions, heads, cursor_head, wanted, function(some, head, is_at_cursor)
    if head % 257 == 0 then
      return take(some, is_at_cursor)
    end
    return by_texts(some, texts, down, is_at_cursor and cursor or nil, wanted, take, start + HEAD, depth + 1)
  end)
end
