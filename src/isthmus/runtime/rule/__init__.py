"""Rules of a running plant: judged, tested against the past, acted on within what is granted."""
