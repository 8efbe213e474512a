"""Commands that make certificates and users are recorded first, whether the site runs or not."""

from __future__ import annotations

import json

import pytest
from tests.integration.site.conftest import Site

from isthmus.cli.main import main
from isthmus.cli.remote import Remote
from isthmus.runtime.trust.record import FOLDER
from isthmus.trust.ledger.find import Wanted, newest

pytestmark = [pytest.mark.timeout(120)]
MORE = """
  far:
    kind: files
    edge: edge1
    path: far/*.log
    line: '(?P<time>\\S+) n=(?P<line>\\d+)'
    tags: {{hall/line1/press/count: line}}
edges: {{edge1: {{site: "tls://127.0.0.1:4222"}}}}
"""
TEXTS = [
    "issued a certificate for edge.edge1",
    "added the SQL user bi, reader at packaging/**",
    "gave the SQL user bi a new password",
    "removed the SQL user bi",
    "asked the company for an authority in place of ours",
]


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    text = made.plant.read_text("utf-8")
    text = text.replace("      hall/line1/press/count: {holding: 0, as: uint16}\n", "")
    made.plant.write_text(text + MORE.replace("{{", "{").replace("}}", "}"), "utf-8")
    yield made
    made.close()


def act(site, folder):
    """Each such command once."""
    data = ["--data", str(site.data), "--json"]
    edge = ["edge", "issue", "edge1", "--plant", str(site.plant), "--to", str(folder / "edge1")]
    user = ["sql", "user"]
    for words in (
        edge,
        [*user, "add", "bi", "--equipment", "packaging/**"],
        [*user, "password", "bi"],
        [*user, "remove", "bi"],
        ["cert", "request", "--to", str(folder / "ours.csr")],
    ):
        assert main([*words, *data]) == 0, words


def told(site):
    """What the owner did, in order."""
    found = newest(site.data / FOLDER, Wanted(by="owner"), 100)
    return [entry.text for entry in reversed(found) if entry.text in TEXTS]


def test_each_is_in_the_ledger_with_a_site_and_without(site, tmp_path, capsys):
    act(site, tmp_path)
    assert told(site) == TEXTS
    site.start()
    (tmp_path / "again").mkdir()
    act(site, tmp_path / "again")
    assert told(site) == TEXTS * 2
    assert sorted(one.name for one in (tmp_path / "again" / "edge1").iterdir()) == [
        "ca.crt",
        "edge1.crt",
        "edge1.key",
    ]
    refused = ["sql", "user", "remove", "nobody", "--data", str(site.data)]
    assert main(refused) == 2
    assert told(site) == TEXTS * 2
    body = json.dumps({"kind": "account", "text": "made a note"}).encode()
    assert Remote.of(site.data).send("/api/ledger/notes", body)["number"] > 0


def test_what_cannot_be_recorded_is_not_done(site, capsys):
    folder = site.data / FOLDER
    folder.parent.mkdir(parents=True)
    folder.write_text("no folder")
    assert main(["sql", "user", "add", "bi", "--data", str(site.data), "--json"]) != 0
    assert not (site.data / "sql").exists()
