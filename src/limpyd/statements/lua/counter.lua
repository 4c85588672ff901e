-- Counts up to the next number of this partition: they are spread over the partitions in turn.
local first = 1 + string.match(tag, ':(%d+)[.%d]*}:$')
local function count_up()
  local number = call('INCRBY', KEYS[4], $step)
  if type(number) ~= 'number' then return number end
  local digits = number < 2 ^ 53 and string.format('%.0f', number) or call('GET', KEYS[4])
  local beyond = (string.sub(digits, -8) - first) % $step
  if beyond == 0 then return number end
  return call('INCRBY', KEYS[4], number == $step and -beyond or $step - beyond)
end
