"""The ledger as a person reads it, proves it and carries it away; and what it misses where."""

from __future__ import annotations

import json

import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.site.conftest import Site, eventually

from isthmus.cli.remote import Remote

pytestmark = pytest.mark.timeout(180)


def asked(site, *words):
    said = isthmus("ledger", *words, "--json", "--data", site.data, folder=site.folder)
    assert said.err == ""
    return said.code, json.loads(said.out)


def test_a_running_site_keeps_one_and_history_vouches_for_it(running):
    code, found = asked(running, "list")
    assert code == 0
    assert found[-1]["text"] == "the ledger was opened"
    eventually(lambda: asked(running, "verify")[1]["anchored"] > 0)
    code, verdict = asked(running, "verify")
    assert (code, verdict["sound"], verdict["fault"]) == (0, True, None)
    told = Remote.of(running.data).get("/api/ledger", kind="ledger")
    assert told["count"] >= verdict["records"] > 0
    said = isthmus("ledger", "export", "--format", "cef", "--data", running.data, folder=".")
    assert said.out.startswith("CEF:0|Isthmus|isthmus|")
    assert "\n" in Remote.of(running.data).fetch("/api/ledger/export", format="syslog").decode()


def test_what_was_cut_off_is_missed_by_the_history_of_the_next_run(tmp_path):
    site = Site(tmp_path)
    try:
        site.start()
        eventually(lambda: asked(site, "verify")[1]["anchored"] > 0)
        site.stop()
        (file,) = (site.data / "trust" / "ledger").glob("*.jsonl")
        assert asked(site, "verify")[0] == 0
        file.unlink()
        code, verdict = asked(site, "verify")
        assert (code, verdict["records"]) == (0, 0), "files alone cannot know"
        site.start()
        code, verdict = asked(site, "verify")
        assert code == 1
        assert verdict["fault"]["wrong"] in ("rewritten", "cut off")
        said = isthmus("ledger", "verify", "--data", site.data, folder=site.folder)
        assert "NOT SOUND: " in said.out
    finally:
        site.close()


def test_a_site_that_never_ran_has_none(tmp_path):
    said = isthmus("ledger", "--data", tmp_path, folder=tmp_path)
    assert said.code == 2
    assert "there is no ledger" in said.err
