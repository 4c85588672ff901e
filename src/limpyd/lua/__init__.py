"""The Lua library, and the linker that makes scripts of its files."""
