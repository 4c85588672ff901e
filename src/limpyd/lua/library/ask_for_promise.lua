-- Asks for a promise of another partition: the claim of a value, or the check of an object that is referred to. The step
-- goes on, to find all that it needs; then it is taken back, and the outcome is 'promise'.
-- @requires promise_request
-- @provides ask_for_promise

local function ask_for_promise(key, text, pk)
  promise_request = promise_request or { 'promise' }
  promise_request[#promise_request + 1] = key
  promise_request[#promise_request + 1] = text
  promise_request[#promise_request + 1] = pk
end
