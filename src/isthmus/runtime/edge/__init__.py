"""An edge near the machines, how it says how it is, and what its site sees of it."""
