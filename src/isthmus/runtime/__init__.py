"""Binds the parts: configuration, discovery, links, the data path, health."""
