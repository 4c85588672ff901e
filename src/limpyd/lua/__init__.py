"""What makes Lua scripts of files: the library, and what links it."""
