for number = #entered, 1, -1 do
  undo('SREM', entered[number], pk)
end
for _, key in pairs(gathered) do
  undo('DEL', key)
end
