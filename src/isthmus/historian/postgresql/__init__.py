"""The plant's own PostgreSQL as its historian: one schema that any tool can read."""
