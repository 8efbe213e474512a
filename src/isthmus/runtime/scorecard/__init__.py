"""The scorecard of a running plant: its goals now and before, what people said and agreed."""
