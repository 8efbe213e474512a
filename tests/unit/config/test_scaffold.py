"""New files: right at once, and every setting of a connector explained."""

from __future__ import annotations

import re

import pytest

from isthmus.model.errors import ConfigError
from isthmus.runtime.config import Parts, kinds, lint, scaffold


def test_a_new_plant_has_no_mistake(tmp_path):
    file = tmp_path / "plant.yaml"
    file.write_text(scaffold("plant", enterprise="north", site="hill"), encoding="utf-8")
    plant, mistakes = lint(file)
    assert mistakes == []
    assert (plant.enterprise, plant.site) == ("north", "hill")
    assert [line.path for line in plant.lines()] == ["packaging/line1"]


def test_every_kind_can_be_begun():
    assert kinds() == ["plant", *Parts()]
    assert {"opcua", "modbus", "mqtt", "sparkplug", "files"} <= set(kinds())


@pytest.mark.parametrize("kind", sorted(Parts()))
def test_a_new_connection_joins_a_plant(kind, tmp_path):
    (tmp_path / "a_plant.yaml").write_text(
        scaffold("plant").replace("connections: {}", "# connections"), encoding="utf-8"
    )
    (tmp_path / "b_link.yaml").write_text(scaffold(kind), encoding="utf-8")
    plant, mistakes = lint(tmp_path)
    assert mistakes == []
    assert list(plant.connections) == [f"my-{kind}"]


@pytest.mark.parametrize("kind", sorted(Parts()))
def test_a_new_connection_explains_every_field(kind):
    text = scaffold(kind)
    for key, info in Parts()[kind].model_fields.items():
        if key not in {"name", "kind"}:
            assert re.search(rf"^ +(# )?{info.alias or key}:", text, re.MULTILINE), key
            first = " ".join((info.description or "").split()[:3])
            assert first in " ".join(text.split())


def test_commented_settings_are_right_when_put_in_force(tmp_path, parts):
    text = scaffold("press", parts=parts)
    text = re.sub(r"^    # (\w+): (\S.*)$", r"    \1: \2", text, flags=re.MULTILINE)
    text = text.replace("    pin:", "    # pin:")
    lines = [
        line
        for line in text.splitlines()
        if not re.match(r"    (cell|bit|scale|offset|map|zone)", line)
    ]
    (tmp_path / "plant.yaml").write_text(
        "isthmus: 1\nenterprise: acme\nsite: riverside\n" + "\n".join(lines), encoding="utf-8"
    )
    plant, mistakes = lint(tmp_path / "plant.yaml", parts=parts)
    assert mistakes == []
    assert plant.connections["my-press"].config.publish == 0.25


def test_an_unknown_kind_names_the_nearest():
    with pytest.raises(ConfigError, match="modbuss") as caught:
        scaffold("modbuss")
    assert "`modbus`" in caught.value.hint


def test_a_kind_without_its_extra_names_the_install_line(parts):
    with pytest.raises(ConfigError, match="gauge") as caught:
        scaffold("gauge", parts=parts)
    assert "pip install 'acme-press[gauge]'" in caught.value.hint
