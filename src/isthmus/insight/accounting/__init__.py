"""Where time went: every second of a unit is of one state, one reason, one element of time."""
