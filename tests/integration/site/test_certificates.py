"""Certificates of a site that runs: an edge thrown out, a device let in, without a restart."""

from __future__ import annotations

import json
import time

import pytest
from cryptography import x509
from tests.integration.site.conftest import eventually
from tests.integration.site.test_edge import Plant

from isthmus.cli.main import main
from isthmus.cli.remote import Remote
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.edge.node import EdgeNode
from isthmus.trust.pki.authority import PlantAuthority, Terms

pytestmark = [pytest.mark.timeout(180)]
AGREED = 5.0  # seconds until a revoked edge is out


@pytest.fixture
def plant(tmp_path):
    made = Plant(tmp_path)
    made.site.start()
    yield made
    made.close()


def clock(days):
    return lambda: Nanoseconds(time.time_ns() + int(days * 86_400e9))


@pytest.fixture
def cert(plant, capsys):
    def run(*words, code=0):
        capsys.readouterr()
        assert main(["cert", *words, "--data", str(plant.site.data), "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return run


def test_a_revoked_edge_is_out_within_seconds_and_nothing_it_kept_is_lost(plant, cert):
    plant.start_edge()
    plant.up()
    plant.log.write(100)
    plant.arrived(100)
    began = time.monotonic()
    told = cert("revoke", "edge.edge1", "--reason", "keyCompromise")
    eventually(lambda: EdgeNode.last_status(plant.data).uplink == "down", AGREED)
    assert time.monotonic() - began < AGREED
    plant.log.write(100)
    time.sleep(2)
    query = "select count(*) as n from samples where path = 'hall/line2/logger/line'"
    assert plant.site.sql(f"{query} and quality = 0")[0]["n"] == 100
    crl = x509.load_der_x509_crl(Remote.of(plant.site.data).fetch("/api/certificates/crl"))
    assert {f"{one.serial_number:x}" for one in crl} == set(told["serials"])
    states = {(one["name"], one["state"]) for one in cert("list")}
    assert ("edge.edge1", "revoked") in states
    assert ("edge.edge2", "good") in states
    folder = plant.site.folder / "identity" / "edge1"
    issue = ["edge", "issue", "edge1", "--to", str(folder), "--plant", str(plant.site.plant)]
    assert main([*issue, "--data", str(plant.site.data)]) == 0
    plant.stop_edge()
    plant.start_edge()
    plant.arrived(200)
    assert plant.whole() == list(range(1, 201))
    records = [json.loads(line) for line in exported(plant)]
    acts = [one for one in records if "revoked the certificates of edge.edge1" in str(one)]
    assert len(acts) == 1


def exported(plant):
    import io
    from contextlib import redirect_stdout

    out = io.StringIO()
    with redirect_stdout(out):
        assert main(["ledger", "export", "--data", str(plant.site.data)]) == 0
    return out.getvalue().splitlines()


def test_parts_of_the_site_are_renewed_while_it_runs(plant, cert):
    site = Remote.of(plant.site.data)
    before = {one["name"]: one["serial"] for one in cert("list") if one["state"] == "good"}
    made = cert("renew", "nats")
    assert made["serial"] != before["nats"]
    states = {one["serial"]: one["state"] for one in cert("list")}
    assert states[before["nats"]] == "superseded"
    assert states[made["serial"]] == "good"
    plant.start_edge()
    plant.up()
    plant.log.write(10)
    plant.arrived(10)
    found = {one["name"]: one for one in site.get("/api/certificates/forecast", days=400)}
    assert found["edge.edge1"]["breaks"] == "edge edge1 and what it runs: edge-log"
    assert site.get("/api/certificates/inventory")
    told = {one["what"]: one for one in site.get("/api/certificates/findings")}
    assert told == {}, "all of this plant is on the loopback"


def test_whoever_keeps_his_key_has_it_signed_by_the_site(plant, cert, tmp_path):
    told = cert("issue", "bi-reader", "--to", str(tmp_path / "reader"))
    assert told["name"] == "bi-reader"
    assert (tmp_path / "reader" / "bi-reader.key").stat().st_mode & 0o777 == 0o600
    assert not list((plant.site.data / "pki").glob("bi-reader*"))
    assert "bi-reader" in {one["name"] for one in cert("list")}
    assert "error" in cert("issue", "isthmus", code=1)


def test_an_edge_renews_its_certificate_under_load_and_no_line_is_lost(plant, cert):
    folder = plant.site.folder / "identity" / "edge1"
    pki = plant.site.data / "pki"
    old = PlantAuthority.open(pki, "riverside", clock(-25), Terms(carried=30))
    old.hand_out("edge.edge1", "edge1", folder)
    before = {one["serial"] for one in cert("list")}
    plant.start_edge()
    plant.up()

    def renewed():
        plant.log.write(20)
        found = [one for one in cert("list") if one["name"] == "edge.edge1"]
        return next((one for one in found if one["serial"] not in before), None)

    made = eventually(renewed, 40)
    kept = plant.data / "identity" / "edge1.crt"
    eventually(kept.exists)
    plant.log.write(100)
    plant.conduit.cut()  # from now on the renewed one is shown
    plant.log.write(100)
    time.sleep(0.5)
    plant.conduit.mend()
    plant.arrived(plant.log.written)
    assert f"{x509.load_pem_x509_certificate(kept.read_bytes()).serial_number:x}" == made["serial"]
    assert "certificate was renewed" in (plant.site.folder / "edge.log").read_text("utf-8")
    past = PlantAuthority.open(pki, "riverside", clock(-40), Terms(carried=30))
    plant.stop_edge()
    past.hand_out("edge.edge1", "edge1", folder)  # what was carried has ended meanwhile
    plant.start_edge()
    plant.log.write(100)
    plant.arrived(plant.log.written)
    assert plant.whole() == list(range(1, plant.log.written + 1))
