"""The policy of a running site as a person sees it, tries it, changes it and takes it back."""

from __future__ import annotations

import json
import urllib.request

import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.site.conftest import Site

from isthmus.cli.remote import Remote

pytestmark = pytest.mark.timeout(180)

ACCESS = """
people: {{teams: {{crew: {{members: [anna]}}}}}}
access:
  grants:
    - {{who: "team:crew", role: {role}, at: hall/line1}}
"""


@pytest.fixture(scope="module")
def governed(tmp_path_factory):
    """A site whose crew may read its line."""
    site = Site(tmp_path_factory.mktemp("governed"), ACCESS.format(role="viewer"))
    try:
        site.start()
        yield site
    finally:
        site.close()


def asked(site, *words):
    said = isthmus(*words, "--json", "--data", site.data, folder=site.folder)
    assert (said.code, said.err) == (0, "")
    return json.loads(said.out)


def holders(site, right, path):
    return {one["who"] for one in asked(site, "who-can", right, path)["holders"]}


def rewritten(site, role):
    text = site.plant.read_text("utf-8")
    head = text.index("people: {teams")
    site.plant.write_text(text[:head] + ACCESS.format(role=role).lstrip(), "utf-8")


def test_what_acts_is_shown_and_explained(governed):
    shown = asked(governed, "policy", "show")
    assert shown["grants"] == [
        {"who": "team:crew", "role": "viewer", "at": "hall/line1", "zone": ""}
    ]
    assert "person:anna" in holders(governed, "read", "hall/line1/press")
    assert "person:anna" not in holders(governed, "write", "hall/line1/press")
    said = asked(governed, "policy", "explain", "person:anna", "write", "hall/line1/press")
    assert said["allowed"] is False
    assert said["lines"]
    told = isthmus(
        "who-can", "read", "hall/line1", "--plant", governed.plant, folder=governed.folder
    )
    assert "person:anna" in told.out


def test_a_change_is_tried_on_what_was_used_then_acts_and_goes_back(governed):
    made = asked(governed, "token", "add", "panel", "--right", "read", "--at", "hall/**")
    request = urllib.request.Request(
        Remote.of(governed.data).url + "/api/last?tags=hall/line1/press/count",
        headers={"Authorization": f"Bearer {made['token']}"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200

    new = governed.folder / "new.yaml"
    text = governed.plant.read_text("utf-8")
    denial = "  deny: [{who: 'service:panel', right: read, at: hall/line1}]\n"
    new.write_text(text.replace("role: viewer", "role: operator") + denial, "utf-8")
    diff = asked(governed, "policy", "diff", new)
    assert len(diff["lines"]) == 3, "a grant goes, one comes, and a denial"
    tried = asked(governed, "policy", "dry-run", new, "--days", "30")
    assert (tried["days"], tried["denied"]) == (30, 1)
    assert tried["would_deny"][0]["who"] == "service:panel"
    assert "person:anna" not in holders(governed, "write", "hall/line1/press"), "only tried"

    rewritten(governed, "operator")
    assert len(asked(governed, "policy", "apply")["lines"]) == 2
    assert "person:anna" in holders(governed, "write", "hall/line1/press")
    kept = asked(governed, "ledger", "list", "--kind", "policy")
    assert "applied from the plant file" in kept[-1]["text"] + kept[0]["text"]
    assert asked(governed, "policy", "rollback")["rolled_back"] is True
    assert "person:anna" not in holders(governed, "write", "hall/line1/press")


def test_a_plant_file_with_a_mistake_changes_nothing(governed):
    before = governed.plant.read_text("utf-8")
    governed.plant.write_text(before.replace("team:crew", "team:nobody"), "utf-8")
    try:
        said = isthmus("policy", "apply", "--data", governed.data, folder=governed.folder)
        assert said.code != 0
        assert "there is no team `nobody`" in said.err
        assert "person:anna" in holders(governed, "read", "hall/line1/press")
    finally:
        governed.plant.write_text(before, "utf-8")


def test_a_right_that_is_none_is_told_with_those_there_are(governed):
    words = ("policy", "explain", "person:anna", "fly", "--data", governed.data)
    said = isthmus(*words, folder=governed.folder)
    assert said.code == 2
    assert "rights: read, export" in said.err
