"""Copies of the stream for systems of others: each sample once, in bounds, in nobody's way."""
