-- Variables and functions of all scripts.
-- @provides call in_transaction is_last subject_key transform_request try

local call, try = redis.call, redis.pcall
local in_transaction = false -- true within pipelines/transaction.lua: later scripts may fail, so each change is noted
local is_last = false -- true for the last script of a transaction: nothing after it could be refused
local subject_key = false -- the key being worked on, for error messages
local transform_request = false -- the outcome 'transform' (see lua/library/forms.lua)
