"""How fast histories are written and read, and what a sample costs on disk: ours beside others."""
