"""Writes the SHA-256 of every file of each pinned package; with `--check` compares both, offline.

A version keeps the hashes it was pinned with: what an index serves under a known version later is
refused by pip, unless `--again` asks anew, and the difference is then seen in review.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

ROOT = Path(__file__).parents[1]
SUPERSET = ROOT / "tests" / "integration" / "peers" / "superset"
PAIRS = {
    ROOT / "constraints.txt": Path(__file__).with_name("hashes.txt"),
    SUPERSET / "constraints.txt": SUPERSET / "hashes.txt",
}
PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.!+]+)")
HASH = re.compile(r"--hash=sha256:(?P<digest>[0-9a-f]{64})")
ITSELF = re.compile(r"(?P<name>[\w.-]+)\[(?P<extras>[\w\s,-]+)\]")
HEAD = "# Written by supply/pin.py: the files that pip may install, on any machine. Do not edit.\n"
ACCEPT = "application/vnd.pypi.simple.v1+json"

Pin: TypeAlias = tuple[str, str]  # name as PEP 503 normalizes it, version
Hashes: TypeAlias = dict[Pin, tuple[str, ...]]


class PinError(Exception):
    """What a pin lacks, and what to do."""


def pins(text: str) -> list[Pin]:
    """Name and version of each line; PinError with the line's number where one is no pin."""
    found: list[Pin] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.partition("#")[0].strip()
        if not words:
            continue
        if not (one := PIN.fullmatch(words)):
            raise PinError(f"line {number}: `{words}` is no `name==version`")
        found.append((normal(one["name"]), one["version"]))
    return found


def normal(name: str) -> str:
    """A package's name as all indexes know it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read(text: str) -> Hashes:
    """Hashes by pin, of a file that `render` made."""
    found: Hashes = {}
    for block in text.replace("\\\n", " ").split("\n"):
        if one := PIN.match(block):
            digests = (digest["digest"] for digest in HASH.finditer(block))
            found[normal(one["name"]), one["version"]] = tuple(digests)
    return found


def render(hashes: Mapping[Pin, tuple[str, ...]]) -> str:
    """Constraints for pip, and requirements as well: a pin a block."""
    blocks = [
        " \\\n    ".join([f"{name}=={version}", *(f"--hash=sha256:{one}" for one in digests)])
        for (name, version), digests in hashes.items()
    ]
    return HEAD + "\n".join(blocks) + "\n"


def differences(wanted: list[Pin], hashes: Hashes) -> list[str]:
    """What is pinned without hashes, hashed without a pin, or pinned twice."""
    names = [name for name, _ in wanted]
    return [
        *(f"{name}=={version} has no hashes" for name, version in wanted
          if not hashes.get((name, version))),
        *(f"{name}=={version} is not pinned" for name, version in hashes
          if (name, version) not in wanted),
        *(f"{name} is pinned twice" for name in sorted(set(names)) if names.count(name) > 1),
    ]  # fmt: skip


class Index:
    """The package index that pip is configured for, with pip's own certificates and credentials."""

    def __init__(self) -> None:
        # pip alone knows its configuration and default; its version is pinned with the rest
        from pip._internal.commands import create_command  # noqa: PLC0415

        command = create_command("download")
        options, _ = command.parse_args([])
        self._session = command._build_session(options)  # noqa: SLF001
        self._places = [options.index_url, *options.extra_index_urls]

    def hashes(self, name: str, version: str) -> tuple[str, ...]:
        """SHA-256 of each file of a version, from the first index that has it (PEP 691)."""
        for place in self._places:
            if not place.startswith("http"):
                continue
            answer = self._session.get(f"{place.rstrip('/')}/{name}/", headers={"Accept": ACCEPT})
            if not answer.ok or "json" not in answer.headers.get("Content-Type", ""):
                continue
            files = answer.json()["files"]
            of_version = [one for one in files if version_of(one["filename"], name) == version]
            digests = {one["hashes"].get("sha256", "") for one in of_version} - {""}
            if digests:
                return tuple(sorted(digests))
        raise PinError(f"no index tells hashes of {name}=={version}")


def version_of(filename: str, name: str) -> str:
    """The version that a wheel's or source archive's name tells, normalized; or nothing."""
    from packaging.utils import (  # noqa: PLC0415
        InvalidSdistFilename,
        InvalidWheelFilename,
        parse_sdist_filename,
        parse_wheel_filename,
    )
    from packaging.version import InvalidVersion  # noqa: PLC0415

    with suppress(InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        if filename.endswith(".whl"):
            found, version, *_ = parse_wheel_filename(filename)
        else:
            found, version = parse_sdist_filename(filename)
        return str(version) if found == name else ""
    return ""


def renew(wanted: list[Pin], kept: Hashes, index: Index, *, again: bool) -> Hashes:
    """Hashes of all that is wanted; what is kept is asked for only `again`."""
    from packaging.version import Version  # noqa: PLC0415

    return {
        (name, version): kept.get((name, version), ()) if not again and kept.get((name, version))
        else index.hashes(name, str(Version(version)))
        for name, version in sorted(wanted)
    }  # fmt: skip


def requirements(names: list[str], hashes: Hashes) -> str:
    """Lines for `pip install --require-hashes -r`, which pips of any age understand."""
    chosen = {pin: digests for pin, digests in hashes.items() if pin[0] in map(normal, names)}
    if lacking := {normal(name) for name in names} - {name for name, _ in chosen}:
        raise PinError(f"not pinned: {', '.join(sorted(lacking))}")
    return render(chosen)


def wanted_by(project: Mapping[str, Any], extra: str) -> list[str]:
    """What a project needs with one of its extras; extras that an extra names are followed."""
    itself, extras = normal(project["name"]), project.get("optional-dependencies", {})
    found, open_, seen = list(project["dependencies"]), [extra], set()
    while open_:
        name = open_.pop()
        if name in seen:
            continue
        seen.add(name)
        for line in extras[name]:
            one = ITSELF.fullmatch(line)
            if one and normal(one["name"]) == itself:
                open_ += re.split(r"\s*,\s*", one["extras"])
            else:
                found.append(line)
    return sorted(set(found))


def told(pair: tuple[Path, Path]) -> tuple[list[Pin], Hashes]:
    """What is pinned, and the hashes there are."""
    constraints, kept = pair
    text = kept.read_text("utf-8") if kept.is_file() else ""
    return pins(constraints.read_text("utf-8")), read(text)


def main(words: list[str] | None = None) -> int:
    """Check, print or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="ask nobody, name what does not fit")
    parser.add_argument("--again", action="store_true", help="ask for known versions as well")
    parser.add_argument("--print", nargs="+", metavar="NAME", help="requirements with hashes")
    parser.add_argument("--wanted", metavar="EXTRA", help="what the project needs, to hand to pip")
    args = parser.parse_args(words)
    try:
        return act(args)
    except PinError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def act(args: argparse.Namespace) -> int:
    """What the words ask for; 1 where pins and hashes differ."""
    if args.print:
        print(requirements(args.print, told(next(iter(PAIRS.items())))[1]), end="")
        return 0
    if args.wanted:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        print("\n".join(wanted_by(project, args.wanted)))
        return 0
    wrong = 0
    index = None if args.check else Index()
    for constraints, file in PAIRS.items():
        wanted, kept = told((constraints, file))
        if index:
            kept = renew(wanted, kept, index, again=args.again)
            file.write_text(render(kept), "utf-8")
            print(f"{file.relative_to(ROOT)}: {len(kept)} packages")
        for one in differences(wanted, kept):
            wrong += 1
            print(f"{file.relative_to(ROOT)}: {one}; run `make pins`", file=sys.stderr)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
