-- Datetimes in expressions: moments in UTC, to which timedeltas can be added.
-- @requires add_to_moment expression_types is_moment moments_between
-- @provides expression_types.datetime

function expression_types.datetime()
  local function within_years(result)
    return result, 'is beyond the years 1 to 9999'
  end
  return {
    read = function(stored)
      return is_moment(stored) and stored
    end,
    ['+'] = function(one, other)
      return within_years(add_to_moment(one, other, 1))
    end,
    ['-'] = function(one, other)
      return within_years(add_to_moment(one, other, -1))
    end,
    between = moments_between,
  }
end
