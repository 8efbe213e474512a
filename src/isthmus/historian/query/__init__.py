"""Aggregates, grids and reductions over any engine's samples (OPC UA Part 13)."""
