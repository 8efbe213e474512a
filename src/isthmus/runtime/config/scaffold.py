"""New plant files and connections to begin with, every choice explained in a comment."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from isthmus.model.errors import ConfigError
from isthmus.model.path import nearest
from isthmus.model.ports import SourceConfig
from isthmus.model.unit import seconds
from isthmus.runtime.config.emit import flow
from isthmus.runtime.config.parts import PartError, Parts

WIDTH = 96
PLANT = "plant"

_PLANT = """\
# One plant: what it is made of, and how each value is reached.
# Check it at any time: `isthmus check`. An editor that reads JSON Schema completes and explains
# every key: `isthmus schema > plant.schema.json`.

isthmus: 1                       # version of this format
enterprise: {enterprise}
site: {site}
timezone: UTC                    # such as Europe/Berlin
currency: EUR

# When work is planned; times are local.
calendars:
  two-shift:
    early: "06:00-14:00 Mon-Fri"
    late: "14:00-22:00 Mon-Fri"
    breaks: ["09:00-09:15", "18:00-18:15"]

# Templates: what all machines of a kind have. A type may extend another.
types:
  Machine:
    tags:
      state:       {{legend: packml}}             # 6 execute, 2 stopped, ... ; or your own words
      power:       {{unit: kW, range: [0, 60]}}
      energy:      {{unit: kWh, counter: true}}   # a number that only grows
      good_count:  {{counter: {{resets: true}}}}
      scrap_count: {{counter: {{resets: true}}}}
    energy: {{idle_states: [idle, held, suspended]}}
  Filler:
    extends: Machine
    tags:
      speed:      {{unit: 1/min, range: [0, 200], deadband: 0.5}}
      motor_temp: {{unit: degC, range: [0, 120], limits: {{high: 85, high_high: 95}}}}

# Areas, in them lines, in them units. A tag's path is area/line/unit/tag.
equipment:
  packaging:
    line1:
      title: Line 1
      calendar: two-shift
      ideal_rate: 120/min
      bottleneck: filler
      units:
        filler: {{type: Filler, serial: F-2019-044, built: 2019}}
        packer: {{type: Machine}}
      flow: [filler, {{buffer: 200}}, packer]  # the order of the material, pieces in between

# Security zones (IEC 62443): where devices and this site stand, and what may pass between them.
# `isthmus zones show` tells what is weak.
zones:
  site:  {{level: 3, target: SL2, networks: [10.4.0.0/24], here: true}}
  line1: {{level: 2, target: SL2, networks: [10.4.1.0/24]}}
conduits:
  - {{from: site, to: line1, allow: [opcua], why: samples}}
management: {{networks: [10.4.0.16/28], allow: [ssh]}}  # no rule locks these out

# How each value is reached. `isthmus new opcua` (modbus, mqtt, ...) prints a connection with all
# its settings; `isthmus browse URL --add plant.yaml` writes one with the tags it finds.
connections: {{}}
#  filler-plc:
#    kind: opcua
#    url: opc.tcp://10.4.1.20:4840
#    zone: line1
#    tags:
#      packaging/line1/filler: "ns=2;s=Filler.{{Tag}}"         # for every tag of the filler
#      packaging/line1/filler/speed: "ns=2;s=Drive.Actual"   # and one by one where it differs
"""


def kinds(parts: Parts | None = None) -> list[str]:
    """All that `scaffold` can begin: `plant`, and each kind of connection."""
    return [PLANT, *(Parts() if parts is None else parts)]


def scaffold(
    kind: str, *, enterprise: str = "acme", site: str = "riverside", parts: Parts | None = None
) -> str:
    """The text of a new plant file, or of a connection of `kind` with its settings explained.

    ConfigError where there is no such kind, or its extra is not installed.
    """
    if kind == PLANT:
        return _PLANT.format(enterprise=enterprise, site=site)
    found = Parts() if parts is None else parts
    if kind not in found:
        meant = nearest(kind, kinds(found))
        known = "known: " + ", ".join(kinds(found))
        hint = f"did you mean `{meant}`?" if meant else known
        raise ConfigError(f"beginning a new file: there is no kind `{kind}`", hint=hint)
    try:
        config = found[kind]
    except PartError as error:
        raise ConfigError(str(error), hint=error.hint) from error
    return _connection(kind, config)


def _connection(kind: str, config: type[SourceConfig]) -> str:
    lines = ["connections:"]
    lines += _comment(config.__doc__ or "", 2)
    lines += [f"  my-{kind}:", f"    kind: {kind}"]
    fields = {
        info.alias or key: info
        for key, info in config.model_fields.items()
        if key not in {"name", "kind"}
    }
    given = _given(config)
    for in_force in (True, False):
        for key, info in fields.items():
            if (key in given) is in_force:
                lines += _field(key, info, 4, in_force=in_force)
    lines += ["", *_comment("Addresses, by tag path or by equipment path for all its tags.", 4)]
    lines += _comment(config.address.__doc__ or "", 4)
    lines += _address(config.address)
    return "\n".join(lines) + "\n"


def _given(config: type[SourceConfig]) -> set[str]:
    """The settings without which there is no connection, and one more where these are too few."""
    examples = {
        info.alias or key: info.examples[0]
        for key, info in config.model_fields.items()
        if info.examples
    }
    needed = {info.alias or key for key, info in config.model_fields.items() if info.is_required()}
    needed.discard("name")
    for extra in ("", *(key for key in examples if key not in needed)):
        keys = {*needed, extra} - {""}
        with suppress(ValidationError):
            config.model_validate({"name": "new", **{key: examples.get(key) for key in keys}})
            return keys
    return needed


def _field(key: str, info: FieldInfo, indent: int, *, in_force: bool) -> list[str]:
    """A setting: in force with an example, or commented out with its default."""
    gap = " " * indent
    lines = _comment(_explained(info), indent)
    if in_force:
        value = info.examples[0] if info.examples else "..."
        return [*lines, f"{gap}{key}: {flow(value)}"]
    value = info.get_default(call_default_factory=True)
    if value in (None, "") and info.examples:
        value = info.examples[0]
    shown = "" if value is None else flow(_plain(value))
    in_seconds = any(getattr(part, "func", None) is seconds for part in info.metadata)
    return [*lines, f"{gap}# {key}: {shown}{' s' if in_seconds and shown else ''}".rstrip()]


def _explained(info: FieldInfo) -> str:
    words = list(_words(info.annotation))
    return (info.description or "") + (f" One of: {', '.join(words)}." if words else "")


def _words(annotation: Any) -> Iterator[str]:  # noqa: ANN401 - any annotation
    """The words that a field may be, where they are few and fixed."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from (str(word.value) for word in annotation)
    elif get_origin(annotation) is not dict:
        for argument in get_args(annotation):
            if isinstance(argument, str):
                yield argument
            elif not isinstance(argument, bool | int | float):
                yield from _words(argument)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping | list | tuple | str | int | float):
        return value
    return str(value)


def _address(address: type[BaseModel]) -> list[str]:
    required = {
        info.alias or key: info.examples[0] if info.examples else "..."
        for key, info in address.model_fields.items()
        if info.is_required()
    }
    lines = ["    tags: {}"]
    if required:
        lines.append(f"    #  area/line/unit/tag: {flow(required)}")
    for key, info in address.model_fields.items():
        lines += _comment(f"{info.alias or key}: {_explained(info)}", 4)
    return lines


def _comment(text: str, indent: int) -> list[str]:
    paragraphs = " ".join(text.split())
    mark = " " * indent + "# "
    return textwrap.wrap(
        paragraphs, WIDTH, initial_indent=mark, subsequent_indent=mark, break_long_words=False
    )
