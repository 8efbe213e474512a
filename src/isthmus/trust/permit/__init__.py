"""Writing to machines: work permits, guards, maintenance locks."""
