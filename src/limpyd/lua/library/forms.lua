-- Forms: from a stored value to the text of its index entry. indexes/normalizers.py has the same in Python.
--
-- A form has a name; in `a|b`, b is applied to the result of a. A form that begins with `?` needs Python. It contains
-- the texts that Python has computed for some values (see scripts/python_transforms.py). For any other value the
-- outcome is 'transform' (see lua/library/journal.lua).
-- @requires from_hex transform_request
-- @provides normal_form texts_of

-- Called on first use: most writes need no form, and each run of a script creates its functions anew.
local function make_forms()
  -- @defers form_casefold form_clock form_days form_decimal form_double form_exact form_float form_loose form_moment
  -- @defers form_numeral is_distinct_key
  local forms = {
    text = function(value)
      return value
    end,
    float = form_float,
    decimal = form_decimal,
    exact = form_exact,
    double = form_double,
    numeral = form_numeral,
    days = form_days,
    clock = form_clock,
    moment = form_moment,
    loose = form_loose,
    casefold = form_casefold,
  }

  -- Applies one form after the other; a third result, true, says that only Python can compute the text.
  local function made_by(chain, value)
    local reason, ask_python
    for name in string.gmatch(chain, '[^|]+') do
      local first, last = string.match(name, '^slice:(%d+):(%d+)$')
      local other, ending = string.match(name, '^apart:(%x+)$'), string.match(name, '^ending:(%x+)$')
      if first then
        value = string.sub(value, tonumber(first), tonumber(last))
      elseif other then
        if not is_distinct_key(value, other) then
          return nil, 'in the layout of limpyd 2 its key would be that of another index of the field'
        end
      elseif ending then
        ending = from_hex(ending)
        if string.sub(value, -#ending) == ending then
          return nil, 'in the layout of limpyd 2 its key would be that of another index of the field'
        end
        value = value .. ending
      else
        value, reason, ask_python = forms[name](value)
      end
      if not value then
        return nil, reason, ask_python
      end
    end
    return value
  end

  local function take_counted(text, at)
    local colon = string.find(text, ':', at, true)
    local last = colon + tonumber(string.sub(text, at, colon - 1))
    return string.sub(text, colon + 1, last), last + 1
  end

  -- Reads the texts that Python made of each value, or the reason why there is none.
  local function read_known(form, at)
    local known = {}
    while at <= #form do
      local value, texts, colon
      value, at = take_counted(form, at)
      colon = string.find(form, ':', at, true)
      local count = tonumber(string.sub(form, at, colon - 1))
      at = colon + 1
      if count < 0 then
        texts, at = take_counted(form, at)
      else
        texts = {}
        for number = 1, count do
          texts[number], at = take_counted(form, at)
        end
      end
      known[value] = texts
    end
    return known
  end

  -- Notes a value that only Python can transform. The step continues, to find all such values, and is then taken back.
  local function ask(key, value)
    transform_request = transform_request or { 'transform' }
    transform_request[key] = transform_request[key] or {}
    if not transform_request[key][value] then
      transform_request[key][value] = true
      transform_request[#transform_request + 1] = key
      transform_request[#transform_request + 1] = value
    end
  end

  local read = {}

  return function(form, value, key)
    if string.byte(form) ~= 63 then
      local text, reason = made_by(form, value)
      return text, reason
    end
    if not read[form] then
      local base_end = string.find(form, '?', 2, true)
      read[form] = { base = string.sub(form, 2, base_end - 1), known = read_known(form, base_end + 1) }
    end
    local known = read[form].known[value]
    if type(known) == 'string' then
      return nil, known
    elseif known then
      return known
    end
    if read[form].base ~= '' then
      local text, reason, ask_python = made_by(read[form].base, value)
      if not ask_python then
        return text, reason
      end
    end
    ask(key, value)
    return {}
  end
end

local formed = false

-- Returns the text that an index keeps of a value; a table, if there may be several texts or none; or nil, and the
-- reason why the value cannot be indexed. `key` is the key of the index, for the outcome 'transform'.
local function normal_form(form, value, key)
  if form == 'text' then
    return value
  end
  formed = formed or make_forms()
  return formed(form, value, key)
end

-- The same, always as a table.
local function texts_of(form, value, key)
  local texts, reason = normal_form(form, value, key)
  if type(texts) == 'string' then
    return { texts }
  end
  return texts, reason
end
