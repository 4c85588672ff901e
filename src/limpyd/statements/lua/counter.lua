-- Counts up to the next number of this partition: they are spread over the partitions in turn.
local first = 1 + string.match(tag, ':(%d+)[.%d]*}[^:]*:$')
local raised
local function count_up()
  local number = call('INCRBY', KEYS[4], $step)
  if type(number) ~= 'number' then return number end
  local digits = number < 2 ^ 53 and string.format('%.0f', number) or call('GET', KEYS[4])
  local beyond = (string.sub(digits, -8) - first) % $step
  local aligning = number <= $step and first - number or beyond > 0 and $step - beyond or 0 -- a new counter, or a wrong one
  raised = raised or $step + aligning
  return aligning == 0 and number or call('INCRBY', KEYS[4], aligning)
end
