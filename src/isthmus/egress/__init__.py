"""Sinks that carry a copy of the stream to systems of others."""
