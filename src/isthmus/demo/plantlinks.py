"""How the demo's plant file reaches each value: the connections, with this start's ports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from isthmus.demo.modbus import CAPPER, LABELLER, LABELLER_LIMIT, METERS, Register
from isthmus.demo.opcua import node_name
from isthmus.demo.signal import LINE, UNITS
from isthmus.model.state import State

_METERED = (1, 4, 7)  # the units whose values no machine's own controller gives

_FILES = """\
  compressor-log:
    kind: files
    path: LOG
    zone: utilities
    line: '(?P<time>\\S+ \\S+) P=(?P<pressure>[\\d,]+)bar RUN=(?P<running>[01]) H=(?P<hours>\\d+)'
    decimal: ","
    timezone: Europe/Berlin # its clock shows local time
    tags:
      utilities/air/compressor/pressure: pressure
      utilities/air/compressor/running:  running
      utilities/air/compressor/hours:    hours
"""


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything of this start is: ports on 127.0.0.1, and files."""

    ports: Mapping[str, int]
    pki: Path
    log: Path
    broker: str
    ca: str = ""
    user: str = ""
    password_file: str = ""


def connections(places: Places) -> str:
    """The section `connections` of the plant file."""
    parts = [
        "# ------------------------------------------------------- connections: how values come",
        "connections:",
        _opcua(places, "filler"),
        _opcua(places, "palletiser"),
        *_modbus(places.ports),
        _sparkplug(places),
        _FILES.replace("LOG", _quoted_path(places.log)),
    ]
    return "\n".join(parts)


def _modbus(ports: Mapping[str, int]) -> list[str]:
    head = "    kind: modbus\n    host: 127.0.0.1\n    port: {}\n"
    return [
        "  capper-plc:",
        head.format(ports["capper"])
        + "    unit: 1\n"
        + "    zone: line1\n"
        + "    every: 500 ms\n"
        + "    word_order: swapped # this maker sends the low word first\n"
        + "    tags:",
        _registers(CAPPER),
        "  labeller-plc:",
        head.format(ports["labeller"])
        + "    unit: 1\n"
        + "    zone: line1\n"
        + "    every: 1 s\n"
        + f"    max_registers: {LABELLER_LIMIT} # larger reads are refused; 5 to 9 do not exist\n"
        + "    tags:",
        _registers(LABELLER),
        "  meters: # a gateway: each meter has its own unit id",
        head.format(ports["meters"]) + "    zone: line1\n    every: 1 s\n    tags:",
        *(_registers(METERS[unit], unit=unit) for unit in _METERED),
    ]


def _opcua(places: Places, name: str) -> str:
    unit = f"{LINE}/{name}"
    lines = [
        f"  {name}-plc:",
        "    kind: opcua",
        f"    url: opc.tcp://127.0.0.1:{places.ports[name]}",
        "    security: sign-and-encrypt",
        f"    server_certificate: {_quoted_path(places.pki / (name + '.pem'))}",
        "    zone: line1",
        *(
            ["    acknowledge: true # its panel then stops blinking"]
            if name == "palletiser"
            else []
        ),
        "    tags:",
        f'      {unit}: "ns=2;s={name.capitalize()}.{{Tag}}"',
    ]
    if UNITS[unit] == "Palletiser":  # an alarm of the PLC's own
        lines.append(
            f'      {unit}/drive_fault: {{node: "ns=2;s=Palletiser", condition: DriveFault}}'
        )
    if UNITS[unit] == "Filler":
        lines.append(f'      {unit}/product: "ns=2;s={node_name(name, "product")}"')
    return "\n".join(lines)


def _sparkplug(places: Places) -> str:
    lines = [
        "  packer-edge:",
        "    kind: sparkplug",
        f"    broker: {places.broker}",
        *([f"    ca: {_quoted_path(Path(places.ca))}"] if places.ca else []),
        *([f"    user: {places.user}"] if places.user else []),
        *(
            [f"    password: {{file: {_quoted_path(Path(places.password_file))}}}"]
            if places.password_file
            else []
        ),
        "    group: riverside",
        "    zone: line1",
        f"    tags: {{{LINE}/packer: packer-edge/packer}}",
    ]
    return "\n".join(lines)


def _quoted_path(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _registers(registers: Mapping[str, Register], *, unit: int | None = None) -> str:
    width = max(len(path) for path in registers) + 1
    lines = []
    for path, register in registers.items():
        fields = [f"{register.table}: {register.place}", f"as: {register.layout}"]
        if unit is not None:
            fields.append(f"unit: {unit}")
        if register.scale != 1.0:
            fields.append(f"scale: {register.scale:g}")
        if register.codes:
            words = ", ".join(
                f"{code}: {State(state).name.lower()}"
                for state, code in sorted(register.codes.items(), key=lambda pair: pair[1])
            )
            fields.append(f"map: {{{words}}}")
        lines.append(f"      {path + ':':{width}} {{{', '.join(fields)}}}")
    return "\n".join(lines)
