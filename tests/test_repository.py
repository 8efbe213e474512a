"""The repository keeps its own promises: what may not stand in it does not."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINES = 330
FOREIGN = re.compile(
    r"python(?:hosted)\.|pypi\.(?:org)/simple|registry\.(?:npm)|deb\.(?:debian)\.|"
    r"(?<![\w.])/(?:work|root)/[\w.]"
)


def tracked(*ends):
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\n")  # fmt: skip
    return [ROOT / name for name in listed if name.endswith(ends) and (ROOT / name).is_file()]


def test_no_module_outgrows_its_subject():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked(".py", ".ts")
        if path.is_relative_to(ROOT / "src") or path.is_relative_to(ROOT / "ui" / "src")
        if "generated" not in path.name and path.name != "types.ts"
        if (lines := path.read_text("utf-8").count("\n")) > LINES
    }
    assert not long


def test_no_download_address_and_no_path_of_a_machine():
    texts = tracked(".py", ".ts", ".json", ".md", ".yaml", ".toml", ".txt", ".css", ".html", "run")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in texts
        for number, line in enumerate(path.read_text("utf-8", "replace").split("\n"), 1)
        if FOREIGN.search(line) and path.name != Path(__file__).name
    ]
    assert not found


def test_lock_files_record_no_addresses():
    locks = [path for path in tracked(".json") if path.name == "package-lock.json"]
    assert locks
    assert not [path for path in locks if '"resolved": "http' in path.read_text("utf-8")]


def test_every_pinned_package_has_the_hashes_of_its_files():
    command = [sys.executable, str(ROOT / "supply" / "pin.py"), "--check"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_every_module_says_what_it_is():
    silent = [
        str(path.relative_to(ROOT))
        for path in tracked(".py")
        if path.is_relative_to(ROOT / "src") and not path.read_text("utf-8").startswith('"""')
    ]
    assert not silent
