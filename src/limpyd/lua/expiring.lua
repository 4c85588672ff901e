-- The beginning of all scripts of models whose objects or values expire (see the module beside it). The clock is the
-- server's, and stands still while a script runs.
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
