"""The section `sinks` of a plant file."""

from __future__ import annotations

import pytest

from isthmus.model.errors import ConfigError
from isthmus.runtime.config import load
from isthmus.runtime.config.parts import PartError
from isthmus.runtime.config.sinks import installed, sink_class

PLANT = """
isthmus: 1
enterprise: acme
site: riverside
equipment: {{packaging: {{line1: {{units: {{filler: {{tags: {{speed: 1/min}}}}}}}}}}}}
sinks:
  lake: {{{sink}}}
"""
KAFKA = "kind: kafka, servers: [k1:9093], topic: acme.samples"


def plant(folder, sink):
    file = folder / "plant.yaml"
    file.write_text(PLANT.format(sink=sink), "utf-8")
    return load(file)


def test_a_sink_is_told_whole(tmp_path):
    sink = plant(tmp_path, f"{KAFKA}, tags: packaging/line1, every: 250 ms").sinks["lake"]
    assert (sink.name, sink.tags, sink.every) == ("lake", ["packaging/line1"], 0.25)
    assert sink.endpoint == "kafka://k1:9093/acme.samples"
    assert sink.wire == "TLS"


@pytest.mark.parametrize(
    ("sink", "said"),
    [
        ("kind: kafak", "no sink is of kind `kafak`"),
        ("kind: kafka, topic: t", "servers"),
        (f"{KAFKA}, tags: packaging/line2", "no tag is at `packaging/line2`"),
        (f"{KAFKA}, tpoic: t", "tpoic"),
        (f"{KAFKA}, name: other", "a sink's key is its name"),
        (f"{KAFKA}, every: 0 s", "every"),
        ("kind: clickhouse, url: 'ftp://x'", "an address is written"),
        ("kind: clickhouse, url: 'https://u:p@x'", "the user goes to `user`"),
        ("kind: clickhouse, url: 'https://x', database: 'a;b'", "database"),
        ("kind: clickhouse, url: 'https://x', password: geheim", "a secret does not stand"),
    ],
)
def test_mistakes_are_told_where_they_stand(tmp_path, sink, said):
    with pytest.raises(ConfigError) as told:
        plant(tmp_path, sink)
    (mistake,) = told.value.mistakes
    assert said in f"{mistake.text} {mistake.hint}"
    assert mistake.line == 7
    assert "geheim" not in mistake.text


def test_the_nearest_kind_is_offered():
    with pytest.raises(PartError) as told:
        sink_class("clikhouse")
    assert "did you mean `clickhouse`?" in told.value.hint
    assert set(installed()) >= {"clickhouse", "kafka"}
