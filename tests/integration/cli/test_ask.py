"""Asking history and the present: the same answer from a site that runs and from its files."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from tests.integration.cli.conftest import isthmus
from tests.integration.site.conftest import Site, eventually

pytestmark = pytest.mark.timeout(180)


def rows(said):
    assert (said.code, said.err) == (0, "")
    return json.loads(said.out)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Questions and their answers, first of a running site, then of its files alone."""
    made = Site(tmp_path_factory.mktemp("both"))
    try:
        made.start()
        made.log.write(120)
        count = "select count(*) as n from samples where path = 'hall/line1/logger/line'"
        eventually(lambda: made.sql(count)[0]["n"] >= 120)

        def ask():
            told = {}
            for question in QUESTIONS:
                file = made.folder / "answer.parquet"
                file.unlink(missing_ok=True)
                words = [str(file) if word == "FILE" else word for word in question]
                said = isthmus("query", *words, "--data", made.data, folder=made.folder)
                told[question] = (said, pq.read_table(file).to_pylist() if file.exists() else None)
            return told

        live = ask()
        made.stop()
        yield live, ask()
    finally:
        made.close()


SQL = (
    "select path, count(*) n, min(value) lo from samples where value is not null "
    "and path like '%/line' group by all"
)
QUESTIONS = [
    ("hall/line1/logger/line", "--last", "1h", "--json"),
    ("hall/*/logger/**", "--last", "5m", "--json"),
    ("acme/riverside/hall/**/line", "--last", "7d", "--json"),
    ("**/line", "--last", "1h", "--every", "1 s", "--json"),
    ("--sql", SQL, "--json"),
    ("**/line", "--csv"),
    ("**/line",),
    ("**/line", "--parquet", "FILE", "--json"),
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda words: " ".join(words)[:40])
def test_a_running_site_and_its_files_say_the_same(both, question):
    live, sealed = (side[question] for side in both)
    assert (live[0].code, live[0].err) == (0, "")
    if question[0].startswith("acme/"):  # without a site nobody says whose plant it is
        assert len(rows(live[0])) == 120
        return
    assert (sealed[0].code, sealed[0].err) == (0, "")
    if "--sql" not in question:
        assert live[0].out.rstrip().endswith(sealed[0].out.rstrip()[-40:])
    assert live == sealed


def test_the_answers_are_right(both):
    live, _ = both
    plain = rows(live[QUESTIONS[0]][0])
    assert [row["value"] for row in plain] == [float(n) for n in range(1, 121)]
    assert set(plain[0]) == {"time", "path", "value", "quality"}
    buckets = rows(live[QUESTIONS[3]][0])
    assert {"time", "path", "time_average", "min", "max", "count"} < set(buckets[0])
    assert sum(row["count"] for row in buckets) == 120
    assert rows(live[QUESTIONS[4]][0]) == [{"path": "hall/line1/logger/line", "n": 120, "lo": 1.0}]
    table = list(csv.DictReader(io.StringIO(live[QUESTIONS[5]][0].out)))
    assert [float(row["value"]) for row in table] == [float(n) for n in range(1, 121)]
    assert len(live[QUESTIONS[7]][1]) == 120


@pytest.mark.parametrize(
    ("words", "code", "told", "hint"),
    [
        (("hall/line1/pres",), 2, "no tag is selected", "did you mean `hall/line1/press`?"),
        (("**", "--last", "soon"), 2, "no length of time", "30min"),
        (("--sql", "selekt 1"), 1, "syntax error", ""),
        (("--sql", "copy samples to 'x.csv'"), 1, "running the query", "one SELECT"),
        (("--sql", "select * from read_csv('/etc/passwd')"), 1, "running the query", ""),
        (("**/line", "--rows", "10"), 1, "more than 10 samples", "aggregates"),
    ],
)
def test_a_wrong_question_is_told_alike_by_both(running, stopped, words, code, told, hint):
    for site in (running, stopped):
        said = isthmus("query", *words, "--data", site.data, folder=site.folder)
        assert (said.code, said.out) == (code, "")
        assert told in said.err
        assert hint in said.err


def test_watch_tells_changes_and_ends_by_itself(running):
    said = isthmus(
        *("watch", "hall/line1/press/*", "--for", "2", "--json", "--data", running.data),
        folder=running.folder,
    )
    assert (said.code, said.err) == (0, "")
    told = [json.loads(line) for line in said.out.splitlines()]
    assert len({row["value"] for row in told if row["tag"] == "hall/line1/press/count"}) > 2
    assert all(set(row) == {"time", "tag", "value", "unit", "shown", "quality"} for row in told)
    plain = isthmus(
        "watch", "hall/line1/press/force", "--for", "1", "--data", running.data,
        folder=running.folder,
    )  # fmt: skip
    assert "hall/line1/press/force" in plain.out
    assert plain.out.splitlines()[0].endswith("kN")


def test_watch_of_what_never_changes_ends_too(running):
    said = isthmus(
        *("watch", "hall/line1/logger/line", "--for", "2", "--data", running.data),
        folder=running.folder,
    )
    assert said.code == 0


def test_watch_into_a_reader_that_has_seen_enough(running):
    command = [sys.executable, "-m", "isthmus", "watch", "**/count", "--data", str(running.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert b"hall/line1/press/count" in process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == b""


def test_watch_ends_on_ctrl_c(running):
    command = [sys.executable, "-m", "isthmus", "watch", "**/count", "--data", str(running.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert b"hall/line1/press/count" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (130, b"")


def test_link_signs_in_once(running):
    said = isthmus("link", "--data", running.data, folder=running.folder)
    assert said.code == 0
    assert said.out.startswith("http://127.0.0.1:")
    body = json.loads(isthmus("link", "--json", "--data", running.data, folder=running.folder).out)
    assert set(body) == {"link"}
    assert body["link"] != said.out.strip()
