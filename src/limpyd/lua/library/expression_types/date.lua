-- Dates in expressions: days, to which timedeltas can be added.
-- @requires add_to_day days_between expression_types is_day
-- @provides expression_types.date

function expression_types.date()
  local function within_years(result)
    return result, 'is beyond the years 1 to 9999'
  end
  return {
    read = function(stored)
      return is_day(stored) and stored
    end,
    ['+'] = function(one, other)
      return within_years(add_to_day(one, other, 1))
    end,
    ['-'] = function(one, other)
      return within_years(add_to_day(one, other, -1))
    end,
    between = days_between,
  }
end
