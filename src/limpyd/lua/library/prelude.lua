-- Variables and functions of all scripts.
-- @provides call current_key in_transaction is_last_request promise_request transform_request try

local call, try = redis.call, redis.pcall
local in_transaction = false -- true within pipelines/transaction.lua: later scripts may fail, so each change is noted
local is_last_request = false -- true for the last script of a transaction: nothing after it could be refused
local current_key = false -- the key being worked on, for error messages
local transform_request = false -- the outcome 'transform' (see lua/library/forms.lua)
local promise_request = false -- the outcome 'promise' (see lua/library/ask_for_promise.lua)
