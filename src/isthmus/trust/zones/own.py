"""The flows that the plant file itself needs, and where a boundary would stop one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from isthmus.model.plant import Plant
from isthmus.model.service import named
from isthmus.trust.zones.policy import Address, Policy, Verdict

PORTS = {
    "opc.tcp": 4840,
    "modbus": 502,
    "mqtt": 1883,
    "mqtts": 8883,
    "kafka": 9093,
    "http": 80,
    "https": 443,
    "tls": 4222,
    "nats": 4222,
    "postgresql": 5432,
}
SITE = "site"


@dataclass(frozen=True, slots=True)
class Need:
    """A flow without which a part of the plant file does not work; zones are empty if unknown."""

    what: str  # connection filler-plc, edge edge1, reader bi, bus
    source: str  # the zone of who opens it
    target: str  # the zone it leads to
    host: str
    port: int
    plain: bool = False  # whether the wire carries it unprotected

    @property
    def service(self) -> str:
        """What people call its port."""
        return named("tcp", self.port)


def here(plant: Plant) -> str:
    """The zone in which the site stands: what the file says, else the zone `site`, else empty."""
    said = next((name for name, zone in plant.zones.items() if zone.here), "")
    return said or (SITE if SITE in plant.zones else "")


def needs(plant: Plant, policy: Policy) -> Iterator[Need]:
    """All flows that connections, edges, sinks, bus and history of the plant file need."""
    site = here(plant)
    for name, connection in plant.connections.items():
        edge = plant.edges.get(connection.edge)
        source = edge.zone if edge else site
        config = connection.config
        for host, port in _ends(config.endpoint):
            zone = source if _here(host) else config.zone or _zone(policy, host)
            plain = getattr(config, "wire", "none") == "none"
            yield Need(f"connection {name}", source, zone, host, port, plain)
    yield from _bus(plant, site)
    for name, sink in plant.sinks.items():
        for host, port in _ends(sink.endpoint):
            plain = sink.wire == "none"
            yield Need(
                f"sink {name}", site, _zone(policy, host) or _same(host, site), host, port, plain
            )
    send = plant.ledger.get("send")
    collector = send.get("to") if isinstance(send, Mapping) else None
    for what, url in (
        ("bus", plant.bus.get("url")),
        ("history", plant.history.get("url")),
        ("records for the collector", collector),
    ):
        for host, port in _ends(str(url or "")):
            yield Need(what, site, _zone(policy, host) or _same(host, site), host, port)


def _bus(plant: Plant, site: str) -> Iterator[Need]:
    """The flows to the site's bus."""
    for name, edge in plant.edges.items():
        for host, port in _ends(edge.site):
            yield Need(f"edge {name}", edge.zone, site, host, port)
    for host, port in _ends(f"nats://{plant.bus.get('listen') or ''}"):
        for name, zone in plant.readers.items():
            yield Need(f"reader {name}", zone, site, host, port)


def judge(policy: Policy, need: Need) -> Verdict | None:
    """Whether the boundary lets it pass; None where the file does not say what zones it joins."""
    if not need.source or not need.target:
        return None
    if need.source == need.target:
        return Verdict(True, f"within {need.source}")
    cut = next((zone for zone in (need.source, need.target) if zone in policy.islands), "")
    if cut:
        return Verdict(False, f"{cut} is an island")
    for way in policy.ways:
        if (way.source, way.target) == (need.source, need.target) and any(
            service.holds("tcp", need.port) for service in way.services
        ):
            return Verdict(True, f"conduit {way.id}", way.id)
    text = f"no conduit from {need.source} to {need.target} allows {need.service}"
    return Verdict(False, text)


def _ends(endpoint: str) -> Iterator[tuple[str, int]]:
    """Hosts and ports of an address for people: `kafka://a:9093,b:9093/topic` has two."""
    scheme, _, rest = endpoint.partition("://")
    if not rest or scheme == "file":
        return
    for part in rest.partition("/")[0].split(","):
        try:
            found = urlsplit(f"//{part}")
            host, port = found.hostname, found.port or PORTS.get(scheme, 0)
        except ValueError:
            continue
        if host and port:
            yield host, port


def _here(host: str) -> bool:
    """Whether it is this very machine: no packet to it crosses a boundary."""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _same(host: str, site: str) -> str:
    return site if _here(host) else ""


def _zone(policy: Policy, host: str) -> str:
    address = _address(host)
    return policy.zone_of(address) if address is not None else ""


def _address(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
