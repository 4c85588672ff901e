-- The text of a double.
-- @provides as_score

local function as_score(number)
  return number == 0 and '0' or string.format('%.17g', number)
end
