"""Roll-ups: what the samples of a minute or an hour add up to, so that a year is a few rows."""
