"""Where a number of a record comes from, in equations and in numbers, and where it goes."""
