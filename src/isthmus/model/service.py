"""What may pass a conduit: services of the network by the names that engineers use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Protocol = Literal["tcp", "udp"]
PORTS = 65_535
_WRITTEN = re.compile(r"(tcp|udp)/(\d{1,5})(?:-(\d{1,5}))?")


@dataclass(frozen=True, slots=True, order=True)
class Service:
    """Ports `first` to `last` of a protocol, as `tcp/502` or `udp/5000-5010` writes it."""

    protocol: Protocol
    first: int
    last: int

    def __str__(self) -> str:
        ports = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.protocol}/{ports}"

    def holds(self, protocol: str, port: int) -> bool:
        """Whether a packet of `protocol` to `port` is of this service."""
        return protocol == self.protocol and self.first <= port <= self.last

    def covers(self, other: Service) -> bool:
        """Whether each packet of `other` is one of this service too."""
        return self.holds(other.protocol, other.first) and self.holds(other.protocol, other.last)


def _tcp(*ports: int) -> tuple[Service, ...]:
    return tuple(Service("tcp", port, port) for port in ports)


def _udp(*ports: int) -> tuple[Service, ...]:
    return tuple(Service("udp", port, port) for port in ports)


SERVICES: Mapping[str, tuple[Service, ...]] = MappingProxyType(
    {
        "opcua": _tcp(4840),
        "modbus": _tcp(502),
        "modbus-tls": _tcp(802),
        "s7": _tcp(102),
        "enip": (*_tcp(44818), *_udp(44818)),
        "dnp3": _tcp(20000),
        "iec104": _tcp(2404),
        "bacnet": _udp(47808),
        "mqtt": _tcp(1883),
        "mqtt-tls": _tcp(8883),
        "nats-tls": _tcp(4222),
        "kafka-tls": _tcp(9093),
        "https": _tcp(443),
        "isthmus": _tcp(8800),
        "postgresql-tls": _tcp(5432, 5433),
        "clickhouse-tls": _tcp(8443, 9440),
        "files": _tcp(445, 2049),  # SMB, NFS
        "ssh": _tcp(22),
        "rdp": _tcp(3389),
        "dns": (*_tcp(53), *_udp(53)),
        "ntp": _udp(123),
        "snmp": _udp(161),
        "syslog-tls": _tcp(6514),
        "ldaps": _tcp(636),
    }
)
"""What each name stands for: the ports that IANA or the product's makers gave it."""


def services(word: str) -> tuple[Service, ...]:
    """What `word` names: `opcua`, `tcp/8800`, `udp/5000-5010`; ValueError where nothing."""
    if word in SERVICES:
        return SERVICES[word]
    written = _WRITTEN.fullmatch(word)
    if written is None:
        raise ValueError(f"there is no service `{word}`")
    first, last = int(written[2]), int(written[3] or written[2])
    if not 0 < first <= last <= PORTS:
        raise ValueError(f"`{word}` names no ports: they are 1 to {PORTS}, the lower one first")
    return (Service("udp" if written[1] == "udp" else "tcp", first, last),)


def named(protocol: str, port: int) -> str:
    """What people call `port`: the name of the service, else `tcp/8800`."""
    for name, meant in SERVICES.items():
        if any(service.holds(protocol, port) for service in meant):
            return name
    return f"{protocol}/{port}"
