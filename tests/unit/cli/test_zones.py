"""`isthmus zones`: what each part prints, for people and for machines, and its exit code."""

import json

import pytest
from tests.unit.trust.zones.plants import PLANT

from isthmus.cli.main import main


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plant.yaml").write_text(PLANT, "utf-8")

    def run(*words):
        code = main(["zones", *words, *([] if words[0] == "diff" else ["--data", "data"])])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def test_show_has_zones_by_level_conduits_and_what_is_weak(said):
    code, out, _ = said("show")
    assert code == 0
    zones = [line.split()[1] for line in out.splitlines() if "SL" in line]
    assert zones == ["business", "dmz", "site", "line1"]
    assert "site (here)" in out
    assert "site>line1" in out
    body = json.loads(said("show", "--json")[1])
    assert body["here"] == "site"
    assert body["conduits"][0]["services"] == [
        {"protocol": "tcp", "first": 502, "last": 503},
        {"protocol": "udp", "first": 161, "last": 161},
    ]


def test_compile_prints_rules_and_an_island_is_in_them(said):
    code, out, _ = said("compile")
    assert code == 0
    assert out.startswith("table inet isthmus\n")
    assert "set isolated_4 { type ipv4_addr; flags interval; }" in out
    code, out, _ = said("island", "line1", "--reason", "worm", "--json")
    assert (code, json.loads(out)["changed"]) == (0, True)
    assert "elements = { 10.4.1.0/24 } }" in said("compile")[1].partition("set isolated_4")[2]
    assert said("reach", "site", "line1")[:2] == (1, "no: line1 is an island\n")
    assert "joined again" in said("island", "line1", "--end")[1]
    assert said("reach", "site", "line1")[0] == 0


def test_reach_answers_for_zones_addresses_and_services(said):
    assert said("reach", "10.4.0.9", "10.4.1.7", "modbus")[1] == "yes: conduit site>line1\n"
    assert said("reach", "site", "line1", "s7")[0] == 1
    assert said("reach", "10.4.0.9", "line1", "--json")[0] == 0
    code, _, err = said("reach", "moon", "line1")
    assert code == 2
    assert "zones: business, dmz, site, line1" in err


def test_simulate_tells_what_recorded_flows_would_have_met(said, tmp_path):
    (tmp_path / "flows.csv").write_text(
        "src,dst,proto,port\n10.4.0.9,10.4.1.7,tcp,502\n10.2.0.9,10.4.1.7,tcp,445\n", "utf-8"
    )
    code, out, _ = said("simulate", "flows.csv")
    assert code == 1
    assert "2 flows: 1 allowed, 1 denied" in out
    assert "no conduit from business to line1 allows files" in out


def test_diff_tells_what_opens_and_what_closes(said, tmp_path):
    (tmp_path / "new.yaml").write_text(PLANT.replace("tcp/503", "tcp/504"), "utf-8")
    code, out, _ = said("diff", "plant.yaml", "new.yaml")
    assert (code, out) == (1, "+ site to line1: tcp/504\n- site to line1: tcp/503\n")
    assert said("diff", "plant.yaml", "plant.yaml")[0] == 0


def test_rules_without_a_floor_are_not_loaded(said, tmp_path):
    (tmp_path / "plant.yaml").write_text(PLANT.partition("management")[0], "utf-8")
    code, _, err = said("apply")
    assert code == 2
    assert "could lock you out" in err
    code, _, err = said("confirm")
    assert code == 1
    assert "none were loaded" in err


READERS = """
bus: {listen: 10.4.0.9:4222, readers: {bi: {zone: business}, far: {zone: dmz}}}
edges: {edge1: {site: "tls://10.4.0.9:4222", zone: line1}}
"""


def test_bus_tells_accounts_what_is_led_into_each_and_no_secret(said, tmp_path):
    way = "  - {from: %s, to: site, allow: [nats-tls], why: hears}\n"
    text = PLANT.replace("management:", way % "business" + way % "line1" + "management:")
    (tmp_path / "plant.yaml").write_text(text + READERS, "utf-8")
    code, out, _ = said("bus")
    assert code == 0
    assert "kept out, no conduit or an island: reader.far" in out
    assert "password" not in out
    body = json.loads(said("bus", "--json")[1])
    assert [(one["name"], one["zone"]) for one in body["accounts"]] == [
        ("PLANT", "site"),
        ("edge.edge1", "line1"),
        ("zone.business", "business"),
    ]
    assert json.loads(said("show", "--json")[1])["accounts"] == body["accounts"]
    core, edge, business = body["accounts"]
    assert core["imports"] == []
    assert {one["kind"] for one in edge["imports"]} == {"service"}
    assert edge["answers"] == ["write.edge1"]
    assert business["clients"] == ["reader.bi"]
    assert business["imports"] == [
        {"kind": "stream", "subject": subject}
        for subject in ("uns.v1.acme.riverside.>", "$KV.catalogue.>", "$KV.last.>")
    ]
    said("island", "business")
    body = json.loads(said("bus", "--json")[1])
    assert body["kept_out"] == ["reader.bi", "reader.far"]
    assert "zone.business" not in body["configuration"]


def test_check_tells_what_is_weak_alone(said, tmp_path):
    code, out, _ = said("check")
    assert code == 0
    assert "conduit site>line1 carries modbus, which nothing protects" in out
    assert "level" not in out
    (tmp_path / "plant.yaml").write_text(PLANT.partition("conduits")[0] + READERS, "utf-8")
    code, out, _ = said("check", "--json")
    assert code == 1
    wrong = [one["about"] for one in json.loads(out)["findings"] if one["state"] == "wrong"]
    assert wrong == ["edges.edge1", "bus.readers.bi", "bus.readers.far"]


def test_render_writes_rules_a_table_and_a_proof_for_each_boundary(said, tmp_path):
    code, out, _ = said("render", "--to", "carried", "--json")
    assert code == 0
    names = [one["boundary"] for one in json.loads(out)["boundaries"]]
    assert names == ["plant", "business--dmz", "dmz--site", "line1--site"]
    wanted = {f"{name}{end}" for name in names for end in (".nft", ".rules.csv", ".proof.csv")}
    assert {file.name for file in (tmp_path / "carried").iterdir()} == wanted
    code, out, _ = said("simulate", "carried/plant.proof.csv", "--json")
    stops = (tmp_path / "carried" / "plant.proof.csv").read_text().count(",stop,")
    assert json.loads(out)["flows"] - json.loads(out)["allowed"] == stops
    (tmp_path / "plant.yaml").write_text(PLANT.partition("management")[0], "utf-8")
    assert said("render")[0] == 2
