-- Returns an object as it travels to another partition or server: a list of three texts for each of its keys, packed:
-- what follows the prefix of the partition in its name, when it expires or '0', and its dump.
--
-- `prefix` is that of all keys of the partition, `meta` the catalog of the model. The prefixes of the keys of an object
-- that the process knows are in ARGV from `first_prefix` to `last_prefix`.
-- @requires call current_key dynamic_field each_unknown each_version inventory_of key_from_template
-- @provides object_contents

local function object_contents(pk, prefix, meta, first_prefix, last_prefix)
  local items, seen = {}, {}
  local function add(key)
    current_key = key
    local dump = not seen[key] and call('DUMP', key)
    if dump then
      items[#items + 1] = string.sub(key, #prefix + 1)
      items[#items + 1] = string.format('%.0f', math.max(call('PEXPIRETIME', key), 0))
      items[#items + 1] = dump
    end
    seen[key] = true
  end
  local function add_field(of_field)
    if not dynamic_field(of_field) then
      add(key_from_template(of_field, pk))
      return
    end
    add(inventory_of(of_field, pk))
    each_version(of_field, pk, function(key, sub)
      if sub == '' then
        add(key)
      end
    end)
  end
  for at = first_prefix, last_prefix do
    add_field(ARGV[at])
  end
  each_unknown(meta, first_prefix, last_prefix, add_field)
  return cmsgpack.pack(items)
end
