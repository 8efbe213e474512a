"""Files for each boundary: rules of two zones alone, and packets that prove them."""

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.unit.trust.zones.plants import plant

from isthmus.demo.logo import LOGO
from isthmus.demo.physics.calendar import Calendar
from isthmus.demo.plantfile import plant_file
from isthmus.demo.plantlinks import Places
from isthmus.runtime.config import load
from isthmus.runtime.config.scaffold import scaffold
from isthmus.trust.zones.carried import boundaries
from isthmus.trust.zones.findings import findings
from isthmus.trust.zones.flows import read_flows, replay
from isthmus.trust.zones.policy import Policy

ROOT = Path(__file__).parents[4]
EXAMPLES = [
    path
    for path in (*ROOT.glob("examples/*/plant.yaml"), *ROOT.glob("examples/*/plant"))
    if load(path).zones
]


def test_each_two_zones_that_a_conduit_joins_have_a_boundary_that_knows_them_alone(tmp_path):
    policy = Policy.of(plant(tmp_path))
    found = {one.name: one for one in boundaries(policy)}
    assert list(found) == ["plant", "business--dmz", "dmz--site", "line1--site"]
    one = found["line1--site"]
    assert set(one.policy.zones) == {"line1", "site"}
    assert "10.2.0.0/16" not in one.rules
    assert one.rules != found["plant"].rules


def test_the_proof_has_what_passes_and_what_is_stopped_at_each_conduit(tmp_path):
    policy = Policy.of(plant(tmp_path))
    for one in boundaries(policy):
        proof = one.files()[".proof.csv"]
        rows = list(csv.DictReader(io.StringIO(proof)))
        assert {row["expected"] for row in rows} == {"pass", "stop"}
        passed = {verdict.conduit for _, verdict in one.packets if verdict.allowed}
        assert {way.id for way in one.policy.ways if way.id != "site>line1#2"} <= passed
        file = tmp_path / "proof.csv"
        file.write_text(proof, "utf-8")
        again = replay(one.policy, read_flows(file))
        assert again.flows == len(rows)
        assert again.allowed == sum(row["expected"] == "pass" for row in rows)
        table = list(csv.DictReader(io.StringIO(one.files()[".rules.csv"])))
        assert {row["conduit"] for row in table} == {way.id for way in one.policy.ways}


def test_nft_takes_the_rules_of_each_boundary(tmp_path):
    nft = shutil.which("nft") or "/usr/sbin/nft"
    if (
        not Path(nft).exists()
        or subprocess.run([nft, "list", "tables"], check=False, capture_output=True).returncode
    ):
        pytest.skip("no nft that this user may ask: apt-get install nftables, and run as root")
    for one in boundaries(Policy.of(plant(tmp_path))):
        done = subprocess.run(
            [nft, "-c", "-f", "-"], input=one.rules, text=True, check=False, capture_output=True
        )
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_examples_have_no_finding_that_could_be_avoided(path):
    made = load(path)
    left = [one.text for one in findings(made, Policy.of(made))]
    assert [text for text in left if "which nothing protects" not in text] == []


def test_the_demonstration_and_a_new_plant_have_none_either(tmp_path):
    machines = ("filler", "palletiser", "capper", "labeller", "meters")
    ports = {name: 4840 + number for number, name in enumerate(machines)}
    log, broker = tmp_path / "compressor.log", "mqtts://127.0.0.1:8883"
    demonstration = plant_file(Places(ports, tmp_path, log, broker), Calendar.around(1_794_293_000))
    (tmp_path / "logo.svg").write_text(LOGO)
    for number, text in enumerate((scaffold("plant"), demonstration)):
        file = tmp_path / f"{number}.yaml"
        file.write_text(text, "utf-8")
        made = load(file)
        assert made.zones
        left = [one.text for one in findings(made, Policy.of(made))]
        assert [text for text in left if "which nothing protects" not in text] == []
