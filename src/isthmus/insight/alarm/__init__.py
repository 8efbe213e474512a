"""Alarms (ISA-18.2, IEC 62682): definitions, states, and what their history tells."""
