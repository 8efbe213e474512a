"""OPC UA client: subscription, polled reads, browsing, guarded writes, certificates checked."""

from isthmus.connectors.opcua.setting import Mode, OpcUa, OpcUaAddress, Policy, Security

__all__ = ["Mode", "OpcUa", "OpcUaAddress", "Policy", "Security"]
