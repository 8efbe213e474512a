"""Numbers people act on: time accounting, ISO 22400 KPIs, energy."""
