-- The form under which an index keeps a value. The same forms as NORMAL_FORMS in types.py.

local function normal_form(form, value)
  if form == 'float' then
    local number = tonumber(value)
    if not number then
      return value
    elseif number == 0 then
      return '0'
    elseif number ~= number then
      return 'nan'
    end
    return string.format('%.17g', number)
  elseif form == 'decimal' then
    if string.match(value, '^%-?%d+%.%d+$') then
      -- Not by a pattern: one that ends in '0+$' takes a time quadratic in the zeros it meets on its way.
      local last = #value
      while string.byte(value, last) == 48 do
        last = last - 1
      end
      value = string.sub(value, 1, string.byte(value, last) == 46 and last - 1 or last)
    end
    return value == '-0' and '0' or value
  end
  return value
end
