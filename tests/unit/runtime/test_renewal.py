"""What a site signs for its edges, and which of two identities an edge shows."""

from __future__ import annotations

import asyncio
import json
import time
from types import SimpleNamespace

import pytest
from cryptography import x509

from isthmus.bus.edge import EdgeAccess
from isthmus.model.record import Kind
from isthmus.model.sample import Nanoseconds
from isthmus.runtime.edge import renewal
from isthmus.runtime.edge.identity import CarriedIdentity, newest
from isthmus.runtime.edge.renewal import ANSWER, REQUEST, Signing
from isthmus.runtime.trust.certificates import Certificates
from isthmus.trust.pki.asked import Asking, mend
from isthmus.trust.pki.authority import PlantAuthority, Terms
from isthmus.trust.pki.files import pem, write_private

EDGE = EdgeAccess("edge1")


class Keys(dict):
    """A bucket."""

    async def put(self, key, value):
        self[key] = SimpleNamespace(value=value)

    async def get(self, key):
        return dict.get(self, key)


class Record(list):
    def record(self, kind, by, text, **_):
        self.append((kind, by, text))


@pytest.fixture
def site(tmp_path):
    certificates = Certificates(None, tmp_path / "data", Record())
    certificates.authority.hand_out(EDGE.identity, "edge1", tmp_path / "carried")
    now = [0.0]
    made = Signing(None, certificates, clock=lambda: now[0])
    return SimpleNamespace(signing=made, keys=Keys(), now=now, papers=certificates)


def told(site):
    entry = asyncio.run(site.keys.get(ANSWER))
    return json.loads(entry.value) if entry else None


def asked(site, asking):
    site.keys[REQUEST] = SimpleNamespace(value=asking.text.encode())
    asyncio.run(site.signing.answer(EDGE, site.keys))
    return told(site)


def test_a_request_is_answered_once_and_recorded(site, tmp_path):
    asking = Asking.of(EDGE.identity)
    answer = asked(site, asking)
    ends = asking.keep(
        tmp_path / "kept", "edge1", answer["chain"].encode(), site.papers.authority.ca
    )
    kept = CarriedIdentity.of(tmp_path / "kept", "edge1")
    assert kept.shown.not_valid_after_utc == ends
    assert not kept.due
    assert asked(site, asking) == answer
    names = [(one.name, one.state) for one in site.papers.issued()]
    assert names == [(EDGE.identity, "superseded"), (EDGE.identity, "good")]
    assert site.papers._recorder == [
        (Kind.CERTIFICATE, "edge:edge1", "renewed the certificate of edge.edge1")
    ]


def test_an_edge_cannot_have_more_signed_than_it_needs(site):
    first = asked(site, Asking.of(EDGE.identity))
    assert asked(site, Asking.of(EDGE.identity)) == first
    assert len(site.papers.issued()) == 2
    site.now[0] += renewal.APART + 1
    assert asked(site, Asking.of(EDGE.identity)) != first


@pytest.mark.parametrize("name", ["edge.edge2", "isthmus"])
def test_an_edge_is_refused_what_is_not_its_own(site, name):
    assert "is not one of edge.edge1" in asked(site, Asking.of(name))["error"]
    assert len(site.papers.issued()) == 1


def test_what_was_asked_before_a_revocation_is_signed_no_more(site):
    asking = Asking.of(EDGE.identity)
    site.papers.authority.revoke(EDGE.identity, "keyCompromise", "owner")
    assert "error" in asked(site, asking)
    site.now[0] += renewal.APART + 1
    subject = x509.Name.from_rfc4514_string(site.papers.authority.subject(EDGE.identity))
    assert "chain" in asked(site, Asking.of(EDGE.identity, subject))


@pytest.mark.parametrize("wrong", [b"nonsense", b"\xff\x00", b"x" * (renewal.MOST + 1)])
def test_nonsense_is_no_request(site, wrong):
    site.keys[REQUEST] = SimpleNamespace(value=wrong)
    asyncio.run(site.signing.answer(EDGE, site.keys))
    found = told(site)
    assert found is None or "error" in found
    assert len(site.papers.issued()) == 1


# ------------------------------------------------------------ the edge's side
def clock(days):
    return lambda: Nanoseconds(time.time_ns() + int(days * 86_400e9))


def issued(tmp_path, folder, days=0.0):
    authority = PlantAuthority.open(tmp_path / "pki", "p", clock(days), Terms(carried=30))
    authority.hand_out(EDGE.identity, "edge1", tmp_path / folder)
    return CarriedIdentity.of(tmp_path / folder, "edge1")


def test_an_edge_shows_what_was_issued_last(tmp_path):
    carried = issued(tmp_path, "carried", -25)
    assert carried.due
    assert newest(carried, tmp_path / "kept", "edge1") == carried
    renewed = issued(tmp_path, "kept", -1)
    assert newest(carried, tmp_path / "kept", "edge1") == renewed
    fresh = issued(tmp_path, "carried")
    assert newest(fresh, tmp_path / "kept", "edge1") == fresh


def test_a_damaged_renewal_leaves_what_was_carried(tmp_path):
    carried = issued(tmp_path, "carried", -25)
    issued(tmp_path, "kept")
    (tmp_path / "kept" / "edge1.key").write_bytes(b"nonsense")
    assert newest(carried, tmp_path / "kept", "edge1") == carried


def test_a_renewal_that_was_cut_short_is_finished_or_forgotten(tmp_path):
    identity = issued(tmp_path, "kept")
    right, key = identity.key.read_bytes(), identity.key
    waiting = key.with_name("edge1.key.next")
    write_private(waiting, right)  # the certificate came, its key had not taken its place
    key.write_bytes(b"of before")
    mend(key.parent, "edge1")
    assert (key.read_bytes(), waiting.exists()) == (right, False)
    write_private(waiting, pem(Asking.of("x").key))  # the certificate never came
    mend(key.parent, "edge1")
    assert (key.read_bytes(), waiting.exists()) == (right, False)
    identity.certificate.unlink()
    write_private(waiting, right)
    mend(key.parent, "edge1")
    assert not waiting.exists()
