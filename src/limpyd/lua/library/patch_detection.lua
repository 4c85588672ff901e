-- Detects commands that change some bytes of a string. lua/library/patches.lua, which takes them back, is loaded on
-- first use.
-- @provides patch_of

local function make_patches()
  -- @defers track_patch
  return track_patch
end

local track_patch_of = false

local function patch_of(command, key, first_arg, last_arg, from_start)
  if command == 'APPEND' or command == 'BITFIELD' or command == 'SETBIT' or command == 'SETRANGE' then
    track_patch_of = track_patch_of or make_patches()
    return track_patch_of(command, key, first_arg, last_arg, from_start)
  end
end
