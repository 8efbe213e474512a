"""Key performance indicators (ISO 22400-2): elements summed over windows, then formulas."""
