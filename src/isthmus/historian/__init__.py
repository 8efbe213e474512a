"""History: hot tail, sealed Parquet in a Delta table, last values, trends, SQL."""
