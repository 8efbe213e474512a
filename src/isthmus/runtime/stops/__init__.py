"""Stops and their reasons: as told, as corrected, and what speaks for a reason."""
