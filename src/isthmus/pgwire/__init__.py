"""The PostgreSQL wire protocol: what BI tools speak, in front of history."""
