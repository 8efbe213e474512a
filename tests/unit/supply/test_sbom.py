"""The bill of materials: valid, whole, and the same twice."""

import json
from importlib import metadata

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from isthmus.bus.binary import inspect, locate
from isthmus.cli.main import main
from isthmus.runtime.supply.sbom import bill


def test_it_is_cyclonedx_as_the_schema_has_it(capsys):
    assert main(["sbom", "--json"]) == 0
    text = capsys.readouterr().out
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert json.loads(text)["metadata"]["timestamp"]


def test_it_is_the_same_for_the_same_installation(capsys):
    assert bill() == bill()
    assert main(["sbom", "--json", "--no-time"]) == 0
    assert json.loads(capsys.readouterr().out) == bill()


def test_it_names_each_part_once_with_its_version_and_the_buss_program_with_its_hash():
    found = bill()
    parts = {part["name"]: part for part in found["components"]}
    assert len(parts) == len(found["components"])
    for name in ("pydantic", "pydantic-core", "cryptography", "duckdb", "numpy"):
        assert parts[name]["version"] == metadata.version(name)
        assert parts[name]["licenses"]
    assert "pytest" not in parts  # what tests need is no part of what runs
    assert parts["nats-server"]["hashes"][0]["content"] == inspect(locate()).sha256
    refs = {found["metadata"]["component"]["bom-ref"], *(p["bom-ref"] for p in parts.values())}
    assert {one["ref"] for one in found["dependencies"]} <= refs
    assert {ref for one in found["dependencies"] for ref in one["dependsOn"]} <= refs
