"""The plant's history: opened, archived, backed up, and filled where it knew nothing."""
