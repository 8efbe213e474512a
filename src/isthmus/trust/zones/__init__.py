"""Zones and conduits as code: firewall rules, bus permissions, what flows would be let through."""
