"""Identities and certificates of this plant."""
