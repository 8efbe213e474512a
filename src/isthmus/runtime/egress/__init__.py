"""Copies of the streams for systems of others."""
