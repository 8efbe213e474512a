"""Copies of a history to go back to: made while it is written, verified, put back."""
