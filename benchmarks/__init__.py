"""One module a benchmark: prints a table, writes JSON with the machine's description."""
