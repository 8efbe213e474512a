"""What this installation is made of, and what was meant to run here."""
