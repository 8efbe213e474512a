"""Conditions over the tags of equipment: read, checked against kinds and units, evaluated."""
