"""Packages are pinned by hash: pip takes no file that is another than the one that was pinned."""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
spec = importlib.util.spec_from_file_location("pin", ROOT / "supply" / "pin.py")
pin = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pin)


def wheel(folder, name, needs="", body="kept = True\n"):
    """A wheel as small as can be, and its SHA-256."""
    file, about = folder / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    needed = f"Requires-Dist: {needs}\n" if needs else ""
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr(f"{name}.py", body)
        packed.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needed}"
        )
        packed.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        packed.writestr(f"{about}/RECORD", "")
    return hashlib.sha256(file.read_bytes()).hexdigest()


def install(folder, *wanted):
    """What pip says to the commands that `make setup` gives it, with files of a folder alone."""
    return subprocess.run(
        [sys.executable, "-m", "pip", "install", "--isolated", "--quiet", "--require-hashes",
         "--only-binary", ":all:", "--no-index", "--find-links", str(folder),
         "--constraint", str(folder / "hashes.txt"), "--target", str(folder / "there"), *wanted],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


def test_a_changed_wheel_is_refused_also_where_another_package_brings_it(tmp_path):
    hashes = {
        ("upper", "1.0"): (wheel(tmp_path, "upper", "lower>=1"),),
        ("lower", "1.0"): (wheel(tmp_path, "lower"),),
    }
    (tmp_path / "hashes.txt").write_text(pin.render(hashes))
    good = install(tmp_path, "upper>=1")
    assert good.returncode == 0, good.stderr
    assert (tmp_path / "there" / "lower.py").is_file()

    wheel(tmp_path, "lower", body="kept = False\n")
    changed = install(tmp_path, "upper>=1")
    assert changed.returncode != 0
    assert "DO NOT MATCH THE HASHES" in changed.stderr
    assert "kept = True" in (tmp_path / "there" / "lower.py").read_text()


def test_a_package_that_nobody_pinned_is_refused(tmp_path):
    hashes = {("upper", "1.0"): (wheel(tmp_path, "upper", "lower>=1"),)}
    wheel(tmp_path, "lower")
    (tmp_path / "hashes.txt").write_text(pin.render(hashes))
    refused = install(tmp_path, "upper>=1")
    assert refused.returncode != 0
    assert not (tmp_path / "there").exists()


def test_every_pin_has_hashes_and_every_hash_a_pin(capsys):
    assert pin.main(["--check"]) == 0, capsys.readouterr().err
    for constraints, file in pin.PAIRS.items():
        wanted, kept = pin.told((constraints, file))
        assert len(kept) == len(wanted) > 100
        assert pin.read(pin.render(kept)) == kept


def test_what_does_not_fit_is_named():
    wanted = [("upper", "1.0"), ("lower", "2.0"), ("lower", "3.0")]
    hashes = {("upper", "1.0"): ("a" * 64,), ("lower", "2.0"): (), ("other", "1.0"): ("b" * 64,)}
    assert pin.differences(wanted, hashes) == [
        "lower==2.0 has no hashes",
        "lower==3.0 has no hashes",
        "other==1.0 is not pinned",
        "lower is pinned twice",
    ]
    with pytest.raises(pin.PinError, match="line 2: `lower>=1`"):
        pin.pins("upper==1.0\nlower>=1\n")


def test_extras_that_extras_name_are_followed():
    project = {
        "name": "plant",
        "dependencies": ["numpy>=2"],
        "optional-dependencies": {"demo": ["plant[wire]", "pymodbus>=3"], "wire": ["asyncua>=2"],
                                  "all": ["Plant[demo,wire]"]},
    }  # fmt: skip
    assert pin.wanted_by(project, "all") == ["asyncua>=2", "numpy>=2", "pymodbus>=3"]


class Simple(BaseHTTPRequestHandler):
    """A package index of one package, as PEP 691 has it."""

    files = {
        "Two_Words-1.0-py3-none-any.whl": "1" * 64,
        "two_words-1.0-cp311-cp311-win32.whl": "2" * 64,
        "two-words-1.0.tar.gz": "3" * 64,
        "two_words-1.0.1-py3-none-any.whl": "4" * 64,
        "two_words-1.0.exe": "5" * 64,
    }

    def do_GET(self):
        self.send_response(200 if self.path == "/simple/two-words/" else 404)
        self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
        self.end_headers()
        told = [{"filename": name, "hashes": {"sha256": of}} for name, of in self.files.items()]
        self.wfile.write(json.dumps({"name": "two-words", "files": told}).encode())

    def log_message(self, *words):
        pass


@pytest.fixture
def index(monkeypatch):
    with ThreadingHTTPServer(("127.0.0.1", 0), Simple) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in list(os.environ):
            if name.startswith("PIP_"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
        yield pin.Index()
        server.shutdown()


def test_all_files_of_a_version_are_pinned_whatever_the_machine(index):
    assert index.hashes("two-words", "1.0") == ("1" * 64, "2" * 64, "3" * 64)
    with pytest.raises(pin.PinError, match=r"no index tells hashes of other==1\.0"):
        index.hashes("other", "1.0")


def test_a_version_keeps_the_hashes_it_was_pinned_with(index):
    wanted, kept = [("two-words", "1.0")], {("two-words", "1.0"): ("e" * 64,)}
    assert pin.renew(wanted, kept, index, again=False) == kept
    assert pin.renew(wanted, kept, index, again=True)["two-words", "1.0"][0] == "1" * 64
