-- @include placed
local call = redis.call
