"""The record that cannot be changed unseen: chained, signed, verified, exported."""
