"""Derived values: computed as windows close, and again when what they are made of changes."""
