"""Rules over columns: the same steps for the present and for the past."""
