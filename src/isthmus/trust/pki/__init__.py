"""Certificates: the authority, what it issued and took back, what is seen in the plant."""
