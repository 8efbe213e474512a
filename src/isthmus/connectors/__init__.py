"""Connectors, one module a protocol: open, read or listen, close, browse, write."""
