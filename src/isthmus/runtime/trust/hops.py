"""Ways of values that nothing protects, or not enough: what, where, what to do."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from isthmus.model.plant import Plant

Weight = Literal["note", "wrong"]
PLAIN = {
    "modbus": "Modbus has no protection: keep device and site in one zone, or put a gateway with"
    " TLS beside the device",
    "opcua": "set `security: sign-and-encrypt`, and trust the site's certificate at the server",
    "mqtt": "give the broker a certificate and write `mqtts://`",
    "sparkplug": "give the broker a certificate and write `mqtts://`",
    "kafka": "set `tls: true`",
    "clickhouse": "write `https://`",
}


@dataclass(frozen=True, slots=True)
class Hop:
    """One way over a network that others can read, or change."""

    what: str
    where: str
    found: str
    do: str
    weight: Weight


def hops(plant: Plant) -> list[Hop]:
    """All ways that are not encrypted; what stays on this machine is no way."""
    return [*_connections(plant), *_sinks(plant), *_web(plant), *_others(plant)]


def _connections(plant: Plant) -> Iterator[Hop]:
    for name, link in plant.connections.items():
        config, kind = link.config, str(getattr(link.config, "kind", ""))
        if local(config.endpoint) or config.wire not in ("none", "sign"):
            continue
        read = "anyone on the way can read and change it"
        if config.wire == "sign":
            read = "anyone on the way can read it"
        do = PLAIN.get(kind, "use the protocol's encryption, or keep it inside its zone")
        weight: Weight = "note" if kind == "modbus" else "wrong"  # it knows no better
        yield Hop(f"connection {name}", config.endpoint, read, do, weight)


def _sinks(plant: Plant) -> Iterator[Hop]:
    for name, config in plant.sinks.items():
        if config.wire == "none" and not local(config.endpoint):
            do = PLAIN.get(str(getattr(config, "kind", "")), "use its encryption")
            yield Hop(f"sink {name}", config.endpoint, "anyone on the way can read it", do, "wrong")


def _web(plant: Plant) -> Iterator[Hop]:
    listen = str(plant.web.get("listen") or "")
    if plant.web.get("plain") and listen and not local(listen):
        yield Hop(
            "pages and API",
            listen,
            "sessions and values pass unencrypted",
            "take `plain: true` out of `web`: the site then serves HTTPS",
            "wrong",
        )


def _others(plant: Plant) -> Iterator[Hop]:
    url = str(plant.bus.get("url") or "")
    if url and urlsplit(url).scheme in ("nats", "ws") and not local(url):
        yield Hop("bus", url, "anyone on the way can read and change it", "write `tls://`", "wrong")
    send = plant.ledger.get("send")
    to = str(send.get("to") or "") if isinstance(send, Mapping) else ""
    if to and urlsplit(to).scheme != "tls" and not local(to):
        do = "let the collector take syslog over TLS, and write `tls://`"
        yield Hop("records for the collector", to, "anyone on the way can read it", do, "wrong")
    history = str(plant.history.get("url") or "")
    tls = str(plant.history.get("tls") or "")
    if history and not local(history) and tls in ("disable", "allow", "prefer"):
        yield Hop("history", _bare(history), f"`tls: {tls}` may mean none", "take it out", "wrong")


def local(endpoint: str) -> bool:
    """Whether `endpoint` is on this machine alone, or a file."""
    if endpoint.startswith(("file://", "/", ".")):
        return True
    text = endpoint if "://" in endpoint else f"//{endpoint}"
    return all(map(_loopback, urlsplit(text).netloc.rpartition("@")[2].split(",")))


def _loopback(place: str) -> bool:
    host = urlsplit(f"//{place}").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("localhost", "ip6-localhost")


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"
