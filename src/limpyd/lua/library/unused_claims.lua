-- Gives up the claims that a chunk was sent with, of values that its partition has not got; unless the chunk is to be
-- sent again with them.
-- @requires call promise_request transform_request
-- @provides give_up_unused_claims

local function give_up_unused_claims()
  if promise_request or transform_request or not ARGV.claims_of_chunk then
    return
  end
  for number = 1, #ARGV.claims_of_chunk do
    local key, value, held = unpack(ARGV.claims_of_chunk[number])
    local prefix, index = string.match(key, '^({[^}]*}[^:]*:)uniq:(.*)$')
    local nonce, is_made = string.sub(held, 1, 8), string.find(held, ' ', 9, true)
    if is_made and call('HGET', prefix .. 'nonce:' .. index, value) ~= nonce then
      call('RPUSH', prefix .. 'given_up', nonce .. index .. '\0' .. value)
    end
  end
end
