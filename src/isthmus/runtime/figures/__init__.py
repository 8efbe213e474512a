"""The numbers of a line, computed from what history holds: performance, energy, the present."""
