-- Takes a reference to an object out of a field of another one.
-- @requires pk_set run_member_commands run_scalar_commands
-- @provides clear_reference

-- `reference` has `many`, true if the field holds several references, and the positions of the command in ARGV, `first`
-- and `last`; in the field of many, the last argument is replaced by the primary key.
local function clear_reference(reference, set, holder, pk)
  pk_set = set
  if reference.many then
    ARGV[reference.last] = pk
    run_member_commands({ [0] = holder }, reference.first, reference.last, {}, true)
  else
    run_scalar_commands(holder, reference.first, reference.last, {}, true)
  end
end
