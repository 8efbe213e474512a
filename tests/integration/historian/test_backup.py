"""Backups of a history in use: whole, incremental, verified, restored; damage is named."""

from __future__ import annotations

import importlib.util
import json
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from deltalake import DeltaTable

from isthmus.cli.examine import examine
from isthmus.cli.main import main
from isthmus.historian.backup.document import load, newest, points
from isthmus.historian.backup.make import Source, back_up, prune
from isthmus.historian.backup.proof import prove
from isthmus.historian.backup.restore import restore
from isthmus.historian.backup.verify import verify
from isthmus.historian.delta.lake import Lake
from isthmus.historian.delta.reader import Reader
from isthmus.historian.keep.place import Folder
from isthmus.historian.settings import DAY
from isthmus.model.errors import ConfigError, StorageError
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Tag

WRITING = Path(__file__).with_name("writing.py")
spec = importlib.util.spec_from_file_location("writing", WRITING)
writing = importlib.util.module_from_spec(spec)
spec.loader.exec_module(writing)
COUNT = (
    "select count(*) as n, count(distinct (tag, time)) as d, max(value)::bigint as m from samples"
)


def opened(root: Path) -> Lake:
    now = Nanoseconds(writing.START + 2 * DAY)
    return Lake.open(root, now=lambda: now, settings=writing.SETTINGS)


def grow(lake: Lake, frames: int) -> int:
    """So many frames more, sealed by twenties; the last position."""
    last = lake.positions().get("frames", 0) + frames
    for number in range(last - frames + 1, last + 1):
        events = [writing.event(number)] if number % 10 == 0 else []
        lake.append(writing.frame(number), stream="frames", position=number, events=events)
        if number % 20 == 0:
            lake.seal()
    lake.seal()
    return last


@pytest.fixture
def data(tmp_path):
    """A data folder as a site leaves it."""
    folder = tmp_path / "data"
    lake = opened(folder / "history")
    lake.write_tags((TagId(n), Tag(f"line/a/t{n}")) for n in range(100))
    grow(lake, 200)
    lake.close()
    (folder / "pki").mkdir(mode=0o700)
    (folder / "pki" / "ca.key").write_text("the key")
    (folder / "pki" / "ca.key").chmod(0o600)
    (folder / "pki" / "ca.crt").write_text("the certificate")
    (folder / "catalogue.json").write_text('{"tags": []}')
    for name in ("bus/store/messages", "web/token"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("not to be copied")
    (tmp_path / "plant.yaml").write_text("isthmus: 1\nenterprise: acme\nsite: riverside\n")
    return folder


@pytest.fixture
def store(tmp_path):
    return Folder(tmp_path / "nas")


def source(data: Path) -> Source:
    return Source(data, data / "history", data.parent / "plant.yaml", "acme/riverside")


def asked(root: Path, text: str = COUNT) -> dict:
    return Reader(root).sql(text, seconds=60, rows=100).to_pylist()[0]


def test_a_restored_history_is_the_one_that_was_backed_up(data, store, tmp_path):
    made = back_up(source(data), store)
    assert made.copied_files > 10
    done = restore(store, made.backup, tmp_path / "new")
    assert asked(tmp_path / "new" / "history") == asked(data / "history")
    assert done.rows["samples"] == 200 * writing.ROWS
    for text in ("select * from tags order by tag", "select * from events order by text"):
        one, other = (Reader(root / "history") for root in (data, tmp_path / "new"))
        assert other.sql(text, rows=1_000).equals(one.sql(text, rows=1_000))
    key = tmp_path / "new" / "pki" / "ca.key"
    assert (key.read_text(), stat.S_IMODE(key.stat().st_mode)) == ("the key", 0o600)
    assert (tmp_path / "new" / "plant" / "plant.yaml").read_text().startswith("isthmus: 1")
    assert not (tmp_path / "new" / "web").exists()
    assert not (tmp_path / "new" / "bus").exists()
    assert len(DeltaTable(tmp_path / "new" / "history" / "samples").file_uris()) > 0
    lake = opened(tmp_path / "new" / "history")
    assert lake.positions() == {"frames": 200}, "the stream is read on from there"
    grow(lake, 40)
    lake.maintain()
    lake.close()
    assert asked(tmp_path / "new" / "history")["n"] == 240 * writing.ROWS


def test_what_is_there_is_not_copied_again_and_what_merges_made_is(data, store, tmp_path):
    first = back_up(source(data), store)
    again = back_up(source(data), store)
    assert (again.copied_files, again.copied_bytes) == (0, 0)
    lake = opened(data / "history")
    grow(lake, 20)
    lake.close()
    third = back_up(source(data), store)
    assert 0 < third.copied_files <= 6
    lake = opened(data / "history")
    lake.maintain()
    lake.close()
    back_up(source(data), store)
    assert len(points(store)) == 4
    restore(store, first.backup, tmp_path / "first")
    assert asked(tmp_path / "first" / "history")["n"] == 200 * writing.ROWS
    restore(store, newest(store), tmp_path / "last")
    assert asked(tmp_path / "last" / "history")["n"] == 220 * writing.ROWS


def test_while_a_site_writes_merges_and_cleans_up_each_backup_is_one_moment(data, store, tmp_path):
    """Rows follow from the position alone, so a backup that is torn would be seen."""
    writer = subprocess.Popen(
        [sys.executable, str(WRITING), str(data / "history")], stdout=subprocess.PIPE
    )
    try:
        assert writer.stdout.read(8)
        made = [back_up(source(data), store).backup for _ in range(4)]
    finally:
        writer.kill()
        writer.communicate()
    for number, backup in enumerate(made):
        samples = next(table for table in backup.tables if table.name == "samples")
        position = samples.positions["frames"]
        assert samples.rows == position * writing.ROWS
        restore(store, backup, tmp_path / f"{number}")
        found = asked(tmp_path / f"{number}" / "history")
        assert (found["n"], found["d"], found["m"]) == (samples.rows, samples.rows, position)
        events = asked(tmp_path / f"{number}" / "history", "select count(*) as n from events")
        assert events["n"] >= position // 10
        lake = opened(tmp_path / f"{number}" / "history")
        grow(lake, 30)  # as the stream brings them again
        lake.close()
        events = asked(tmp_path / f"{number}" / "history", "select count(*) as n from events")
        ahead = max(table.positions.get("frames", 0) for table in backup.tables)
        assert events["n"] == max((position + 30) // 10, ahead // 10), "no event twice"


@pytest.mark.parametrize("harm", ["flipped", "short", "gone"])
def test_damage_is_named_and_nothing_is_put_in_place(data, store, tmp_path, harm):
    backup = back_up(source(data), store).backup
    proved = prove(store, data / "history")
    assert proved.wrong == ()
    victim = sorted((tmp_path / "nas" / "data" / "samples").rglob("*.parquet"))[1]
    raw = bytearray(victim.read_bytes())
    if harm == "flipped":
        raw[len(raw) // 2] ^= 1
        victim.write_bytes(raw)
    elif harm == "short":
        victim.write_bytes(raw[:-9])
    else:
        victim.unlink()
    found = verify(store, backup)
    assert len(found.damaged) == 1
    assert victim.name in found.damaged[0]
    with pytest.raises(StorageError, match=victim.name):
        restore(store, backup, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert [path for path in tmp_path.iterdir() if "restoring" in path.name] == []
    assert any(victim.name in text for text in prove(store, data / "history").wrong)
    done = restore(store, backup, tmp_path / "new", damaged_too=True)
    assert len(done.damaged) == 1
    assert 0 < asked(tmp_path / "new" / "history")["n"] < 200 * writing.ROWS
    if harm != "flipped":  # the next backup sees it by its size and copies it again
        assert back_up(source(data), store).copied_files == 1
        assert verify(store, newest(store)).damaged == ()


def test_a_damaged_document_or_key_is_named(data, store, tmp_path):
    first = back_up(source(data), store).backup
    second = back_up(source(data), store).backup
    document = tmp_path / "nas" / "backups" / f"{second.point}.json"
    document.write_bytes(document.read_bytes()[:-20])
    with pytest.raises(StorageError, match=rf"{second.point}\.json: the document"):
        newest(store)
    key = next(thing for thing in first.things if thing.path == "pki/ca.key")
    (tmp_path / "nas" / key.place).write_text("another")
    assert "pki/ca.key" in verify(store, load(store, first.point)).damaged[0]
    with pytest.raises(StorageError, match=r"pki/ca\.key"):
        restore(store, first, tmp_path / "new")


def test_what_is_damaged_here_is_left_out_and_said(data, store):
    victim = min((data / "history" / "samples").rglob("*.parquet"))
    raw = bytearray(victim.read_bytes())
    raw[100] ^= 1
    victim.write_bytes(raw)
    made = back_up(source(data), store)
    assert [text for text in made.backup.damaged if victim.name in text] == [*made.backup.damaged]
    assert verify(store, made.backup).damaged == ()


def test_a_folder_that_holds_something_is_not_touched(data, store, tmp_path):
    backup = back_up(source(data), store).backup
    with pytest.raises(ConfigError, match="not empty"):
        restore(store, backup, data)
    (tmp_path / "empty").mkdir()
    restore(store, backup, tmp_path / "empty")


def test_old_backups_go_and_what_newer_ones_need_stays(data, store, tmp_path):
    back_up(source(data), store)
    lake = opened(data / "history")
    lake.maintain()  # merges: the files of the first backup are replaced
    lake.close()
    back_up(source(data), store)
    back_up(source(data), store)
    before = set(store.files("data"))
    assert prune(store, 2) == 1
    assert set(store.files("data")) == before, "files of this day may be another backup's"
    back_up(source(data), store)
    assert prune(store, 2, now=lambda: time.time() + 2 * DAY) == 1
    needed = {name for point in points(store) for name in load(store, point).names()}
    assert set(store.files("data")) | set(store.files("things")) == needed
    assert all(verify(store, load(store, point)).damaged == () for point in points(store))


def test_two_sites_do_not_share_a_place_and_no_site_is_backed_up_twice_at_once(data, store):
    back_up(source(data), store)
    with pytest.raises(ConfigError, match="holds backups of acme/riverside, this is acme/north"):
        back_up(Source(data, data / "history", None, "acme/north"), store)

    def nested(_what, _share):
        with pytest.raises(StorageError, match="another backup of it is being made"):
            back_up(source(data), Folder(store.root / "b"))

    back_up(source(data), Folder(store.root / "a"), progress=nested)


KILLED = """
import os, signal, sys
from pathlib import Path
from isthmus.historian.backup.make import Source, back_up
from isthmus.historian.backup.document import newest
from isthmus.historian.backup.restore import restore
from isthmus.historian.keep.place import Folder
what, data, nas, target, share = sys.argv[1:]
def die(_what, done):
    if done >= float(share):
        os.kill(os.getpid(), signal.SIGKILL)
store, data = Folder(Path(nas)), Path(data)
if what == "backup":
    back_up(Source(data, data / "history"), store, progress=die)
else:
    restore(store, newest(store), Path(target), progress=die)
"""


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_killed_in_the_middle_nothing_looks_whole_that_is_not(data, store, tmp_path, share):
    def run(what: str) -> int:
        words = [what, data, tmp_path / "nas", tmp_path / "new", share]
        return subprocess.run(
            [sys.executable, "-c", KILLED, *map(str, words)], check=False
        ).returncode

    assert run("backup") == -signal.SIGKILL
    assert points(store) == []
    made = back_up(source(data), store)
    assert verify(store, made.backup).damaged == ()
    assert run("restore") == -signal.SIGKILL
    assert not (tmp_path / "new").exists()
    restore(store, made.backup, tmp_path / "new")
    assert asked(tmp_path / "new" / "history") == asked(data / "history")
    assert [path.name for path in tmp_path.iterdir() if "restoring" in path.name] == []


def test_the_proof_compares_with_the_history_in_use(data, store):
    lake = opened(data / "history")
    grow(lake, 500)  # past midnight
    lake.close()
    back_up(source(data), store)
    proof = prove(store, data / "history")
    assert (proof.wrong, proof.whole, proof.series) == ((), True, 5)
    assert proof.rows["samples"] == 700 * writing.ROWS
    assert proof.day
    part = prove(store, data / "history", most=1)
    assert (part.wrong, part.whole) == ((), False)
    assert 0 < part.rows["samples"] < proof.rows["samples"]
    shutil.rmtree(data / "history")
    lake = opened(data / "history")  # another history: the same moments, other values
    for number in range(1, 701):
        batch = writing.frame(number)
        wrong = type(batch)(batch.tag, batch.time, batch.value + 1, batch.quality)
        lake.append(wrong, stream="frames", position=number)
        if number % 20 == 0:
            lake.seal()
    lake.close()
    assert any("differ from" in text for text in prove(store, data / "history").wrong)


def test_the_command_line_backs_up_lists_verifies_restores_and_the_doctor_proves(
    data, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)

    def said(*words: str) -> dict | list:
        assert main([*words, "--json"]) == 0, capsys.readouterr()
        return json.loads(capsys.readouterr().out)

    assert {f.what: f.state for f in examine(data, None)}["backup"] == "note"
    made = said("backup", "nas", "--data", str(data))
    assert made["rows"]["samples"] == 200 * writing.ROWS
    assert made["private"] == ["pki/ca.key"]
    assert made["site"] == "acme/riverside"
    listed = said("backup", "nas", "--list")
    assert [backup["point"] for backup in listed] == [made["point"]]
    assert said("backup", "--verify", "--data", str(data))["damaged"] == [], "as the last time"
    found = {f.what: f for f in examine(data, None)}
    assert found["backup"].state == found["restore"].state == "well"
    assert "all of it was restored and opened" in found["restore"].found
    assert "5 tags of" in found["restore"].found
    done = said("restore", "nas", "new", "--point", made["point"])
    assert done["rows"]["samples"] == 200 * writing.ROWS
    assert main(["restore", "nas", "new"]) == 2
    assert "not empty" in capsys.readouterr().err
    assert main(["restore", "nas", "other", "--point", "2020-01-01T00-00-00-000Z"]) == 2
    assert "the newest is" in capsys.readouterr().err
    assert main(["backup", "nas", "--data", str(data)]) == 0
    assert "copied 0 files" in capsys.readouterr().out


def test_a_backup_of_nothing_and_to_nowhere_says_what_to_do(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["backup", "nas", "--data", str(tmp_path)]) == 2
    assert "there is no history in" in capsys.readouterr().err
    assert main(["backup", "--data", str(tmp_path)]) == 2
    assert "where to?" in capsys.readouterr().err
    assert main(["restore", "nas", "new"]) == 2
    assert "there is no backup in" in capsys.readouterr().err
    (tmp_path / "file").write_text("x")
    lake = opened(tmp_path / "data" / "history")
    lake.close()
    assert main(["backup", "file", "--data", "data"]) == 1
    assert "file" in capsys.readouterr().err
