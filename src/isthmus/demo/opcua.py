"""The filler's and the palletiser's PLC: OPC UA servers with everything signed and encrypted."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from asyncua import ua
from asyncua.common.node import Node
from asyncua.crypto.cert_gen import (
    dump_private_key_as_pem,
    generate_private_key,
    generate_self_signed_app_certificate,
)
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from isthmus.demo.condition import OwnAlarm
from isthmus.demo.moment import Moment
from isthmus.demo.signal import Signal, signals
from isthmus.model.state import Cause

_SPACE = "urn:acme:riverside:plc"  # becomes namespace 2
_UNITS_SPACE = "http://www.opcfoundation.org/UA/units/un/cefact"
# UN/ECE Recommendation 20 codes, which OPC UA Part 8 (5.6.3) turns into unit ids.
_CODES = {
    "kW": "KWT", "kWh": "KWH", "degC": "CEL", "A": "AMP", "mm/s": "C16", "bar": "BAR",
    "mL": "MLT", "1/min": "C94", "%": "P1",
}  # fmt: skip
_ALARMS = {"palletiser": ("DriveFault", "fault of the lift's drive")}
_ELSEWHERE = {"product": "Recipe.Name"}  # where this maker names things in its own way


def node_name(machine: str, tag: str) -> str:
    """The string identifier of a tag's node: `Filler.MotorTemp`."""
    if tag in _ELSEWHERE:
        return _ELSEWHERE[tag]
    pascal = "".join(part.capitalize() for part in tag.split("_"))
    return f"{machine.capitalize()}.{pascal}"


class OpcUaPlc:
    """One OPC UA server that shows the tags of one machine."""

    def __init__(self, unit: str, kind: str, port: int, pki: Path) -> None:
        self.unit, self.port, self.certificate = unit, port, pki / f"{unit.rpartition('/')[2]}.pem"
        self._machine = unit.rpartition("/")[2]
        self._kind = kind
        self._server = Server()
        self._nodes: dict[str, tuple[ua.NodeId, ua.VariantType]] = {}
        self._shown: dict[str, float | str] = {}
        self._writable: list[str] = []
        self._alarm: OwnAlarm | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"opc.tcp://127.0.0.1:{self.port}"

    async def start(self, moment: Moment) -> None:
        """Listens, with the values of `moment`; OSError where the port is taken."""
        uri = f"urn:acme:riverside:{self._machine}"
        key = _certify(self.certificate, self._machine, uri)
        server = self._server
        server.iserver.bind_condition_methods = True
        await server.init()
        await server.set_application_uri(uri)
        server.set_endpoint(self.url)
        server.set_server_name(f"acme {self._machine}")
        server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        await server.load_certificate(str(self.certificate), format="pem")
        await server.load_private_key(str(key), format="pem")
        space = await server.register_namespace(_SPACE)
        machine = await server.nodes.objects.add_object(
            _node(self._machine.capitalize(), space), f"{space}:{self._machine.capitalize()}"
        )
        for signal in signals(self._kind):
            await self._add(machine, space, signal)
        if self._machine in _ALARMS:
            name, text = _ALARMS[self._machine]
            own = _node(f"{self._machine.capitalize()}.{name}", space)
            await machine.add_object(own, f"{space}:{name}")
            self._alarm = OwnAlarm(server, machine, own, name, text)
            await self._alarm.start()
        await self.show(moment)
        await server.start()

    async def _add(self, machine: Node, space: int, signal: Signal) -> None:
        name = node_name(self._machine, signal.name)
        kind, first = _variant(signal)
        browse = name.rpartition(".")[2] if name.startswith(self._machine.capitalize()) else name
        node = await machine.add_variable(_node(name, space), f"{space}:{browse}", first, kind)
        if signal.write:
            await node.set_writable()
        if signal.range is not None:
            low, high = signal.range
            await node.add_property(0, "EURange", ua.Range(Low=low, High=high))
        if signal.unit:
            await node.add_property(0, "EngineeringUnits", _engineering_unit(signal.unit))
        if signal.description:
            text = ua.DataValue(ua.Variant(ua.LocalizedText(signal.description)))
            await node.write_attribute(AttributeIds.Description, text)
        self._nodes[f"{self.unit}/{signal.name}"] = node.nodeid, kind
        if signal.write:
            self._writable.append(f"{self.unit}/{signal.name}")

    async def show(self, moment: Moment) -> None:
        """Writes what changed; source timestamps are the plant's time."""
        at = datetime.fromtimestamp(moment.time / 1e9, UTC)
        stamp = ua.DateTime(*at.timetuple()[:6], at.microsecond, UTC)
        for path, (node, kind) in self._nodes.items():
            value = moment.text[path] if kind is ua.VariantType.String else moment.value(path)
            if self._shown.get(path) == value:
                continue
            self._shown[path] = value
            whole = kind in (ua.VariantType.UInt32, ua.VariantType.Int32)
            variant = ua.Variant(int(value) if whole else value, kind)
            await self._server.write_attribute_value(
                node, ua.DataValue(variant, SourceTimestamp=stamp, ServerTimestamp=stamp)
            )
        if self._alarm is not None:
            broken = moment.value(f"{self.unit}/cause") == Cause.BREAKDOWN
            await self._alarm.show(active=broken, at=at)

    def wishes(self) -> dict[str, float]:
        """What clients wrote since it was asked last, by path of the tag."""
        found = {}
        for path in self._writable:
            node, _ = self._nodes[path]
            said = self._server.read_attribute_value(node).Value
            value = said.Value if said is not None else None
            if isinstance(value, int | float) and value != self._shown.get(path):
                found[path] = self._shown[path] = float(value)
        return found

    async def stop(self) -> None:
        """Closes all sessions and the port."""
        await self._server.stop()


def _node(name: str, space: int) -> ua.NodeId:
    return ua.NodeId.from_string(f"ns={space};s={name}")


def _variant(signal: Signal) -> tuple[ua.VariantType, float | str]:
    if signal.kind == "text":
        return ua.VariantType.String, ""
    if signal.kind == "enumeration":
        return ua.VariantType.Int32, 0
    if signal.counter and not signal.step:
        return ua.VariantType.UInt32, 0
    return ua.VariantType.Double, 0.0


def _engineering_unit(unit: str) -> ua.EUInformation:
    code = _CODES.get(unit, "")
    return ua.EUInformation(
        NamespaceUri=_UNITS_SPACE if code else "",
        UnitId=int.from_bytes(code.encode(), "big") if code else -1,
        DisplayName=ua.LocalizedText(unit),
        Description=ua.LocalizedText(unit),
    )


def _certify(certificate: Path, name: str, uri: str) -> Path:
    """The private key's file; both files are made at first start and kept."""
    key_file = certificate.with_suffix(".key")
    if certificate.is_file() and key_file.is_file():
        return key_file
    certificate.parent.mkdir(parents=True, exist_ok=True)
    key = generate_private_key()
    made = generate_self_signed_app_certificate(
        key,
        f"acme {name}",
        {"organizationName": "acme"},
        [
            x509.UniformResourceIdentifier(uri),
            x509.DNSName("localhost"),
            x509.DNSName(socket.gethostname()),
            x509.IPAddress(IPv4Address("127.0.0.1")),
        ],
        [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],
        days=3650,
    )
    key_file.touch(mode=0o600)
    key_file.write_bytes(dump_private_key_as_pem(key))
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    return key_file
