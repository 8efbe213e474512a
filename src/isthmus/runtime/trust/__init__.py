"""Who may do what in a running plant, and the record of what was done."""
