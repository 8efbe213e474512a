"""The bottling line as numbers: pure, one second a step, the same for the same seed."""
