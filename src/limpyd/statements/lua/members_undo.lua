-- In statements/lua/create.lua: takes back what statements/lua/members.lua did.
for number = #entered, 1, -1 do
  undo('SREM', entered[number], pk)
end
for _, key in pairs(gathered) do
  undo('DEL', key)
end
