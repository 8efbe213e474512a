"""The engine of one machine: sealed Parquet in a Delta table, and a hot tail before it."""
