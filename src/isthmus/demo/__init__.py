"""A bottling plant of real protocol servers with physics, faults and orders."""
