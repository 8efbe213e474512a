"""Energy (ISO 50006): baselines, what saving is worth, and what the next day will take."""
