-- Finds the first of some texts that an object has, by its own values.
-- @requires normal_form values_in
-- @provides ONE_VALUE value_positions

local ONE_VALUE = { entry = true, string = true } -- how fields of one value are stored

-- Returns the function that gives the position of the first of some texts that an object has, or nothing.
local function value_positions(place, texts)
  local positions, known
  return function(pk)
    if not positions then
      positions, known = {}, {}
      for at = #texts, 1, -1 do
        positions[texts[at]] = at
      end
    end
    if known[pk] == nil then
      local first = false
      for _, value in ipairs(values_in(place, pk)) do
        local text = normal_form(place.form, value)
        local position = type(text) == 'string' and positions[text]
        if position and not (first and first < position) then
          first = position
        end
      end
      known[pk] = first
    end
    return known[pk] or nil
  end
end
