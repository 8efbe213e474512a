"""Alarms of a running plant: judged, kept over a restart, told, acted on."""
