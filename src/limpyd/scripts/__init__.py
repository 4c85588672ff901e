"""The Lua scripts, and what loads them and builds their requests."""
