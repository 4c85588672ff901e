"""The Lua scripts, and the functions that build their requests."""
