"""Carry a plant's configuration as a signed bundle, apply it, and go back by itself if it fails.

`apply` puts the bundle's files in place, starts the plant with them and waits for its answer: a
site that runs is restarted with your own command, one that does not is tried for a moment. Where
no answer comes in time, what was there before comes back.
"""

from __future__ import annotations

import argparse
import getpass
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from isthmus.cli.length import seconds
from isthmus.cli.remote import Remote, data_argument, data_folder
from isthmus.model.errors import ConfigError, IsthmusError, LinkError, Refused

EXAMPLE = """examples:
  isthmus config bundle --note "line 2 joins" --to riverside.bundle
  isthmus config verify riverside.bundle --key signing.pub
  isthmus config apply riverside.bundle --restart "systemctl restart isthmus" --within 60s
  isthmus config rollback --restart "systemctl restart isthmus"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")

    def part(name: str, text: str) -> argparse.ArgumentParser:
        made = parts.add_parser(name, help=text, description=text)
        made.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
        made.add_argument("--plant", type=Path, default=Path("plant.yaml"), help="file or folder")
        data_argument(made)
        return made

    made = part("bundle", "sign the plant's files as one bundle")
    made.add_argument("--to", type=Path, required=True, help="file to write")
    made.add_argument("--note", default="", help="what changes, for whoever applies it")
    for name, text in (
        ("verify", "whether a bundle is whole and signed by a key that is trusted"),
        ("apply", "put a bundle in place; without a healthy start in time the old one comes back"),
    ):
        made = part(name, text)
        made.add_argument("bundle", type=Path, help="file of the bundle")
        made.add_argument("--key", type=Path, help="public key of the signer (this site's own)")
        if name == "apply":
            _restarts(made)
    _restarts(part("rollback", "put the configuration before the last one back"))


def _restarts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--restart", default="", help="command that restarts the running site")
    parser.add_argument("--within", default="60s", help="time for a healthy start (60s)")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    parts = {"bundle": _bundle, "verify": _verify, "apply": _apply, "rollback": _rollback}
    return parts[args.part](args)


def _bundle(args: argparse.Namespace) -> int:
    from isthmus.runtime.supply.bundle import FOLDER, TRUSTED, make, signing_key

    data = data_folder(args.data)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    key = signing_key(data)
    args.to.write_bytes(make(args.plant, key, note=args.note, made=made, by=getpass.getuser()))
    public = data / FOLDER / TRUSTED
    _say(args, {"bundle": str(args.to), "key": str(public)}, f"{args.to}; its key is {public}")
    return 0


def _verify(args: argparse.Namespace) -> int:
    from isthmus.runtime.supply.bundle import trusted_key, verify

    found = verify(args.bundle, trusted_key(data_folder(args.data), args.key))
    told = {
        "number": found.number,
        "sha256": found.sha256,
        "note": found.note,
        "made": found.made,
        "by": found.by,
        "files": sorted(found.files),
    }
    _say(args, told, f"{found.number}: whole, signed, made {found.made} by {found.by}")
    return 0


def _apply(args: argparse.Namespace) -> int:
    from isthmus.runtime.supply.apply import put_back, replace
    from isthmus.runtime.supply.bundle import trusted_key, verify

    data, within = data_folder(args.data), seconds(args.within)
    bundle = verify(args.bundle, trusted_key(data, args.key))
    _require_way(args, data)
    replace(args.plant, bundle, data)
    trouble = _started(args, data, within)
    if not trouble:
        told = {"number": bundle.number, "applied": True, "trouble": ""}
        _say(args, told, f"{bundle.number} is in place, and the plant runs with it")
        return 0
    put_back(args.plant, data)
    again = _started(args, data, within) if args.restart else ""
    text = f"{bundle.number} was rolled back: {trouble}" + (f"; then: {again}" if again else "")
    _say(args, {"number": bundle.number, "applied": False, "trouble": trouble}, text)
    return 1


def _rollback(args: argparse.Namespace) -> int:
    from isthmus.runtime.supply.apply import put_back

    data = data_folder(args.data)
    _require_way(args, data)
    put_back(args.plant, data)
    trouble = _started(args, data, seconds(args.within))
    _say(args, {"trouble": trouble}, trouble or "the configuration before is in place, and runs")
    return 1 if trouble else 0


# ------------------------------------------------------------------ healthy or not
def _require_way(args: argparse.Namespace, data: Path) -> None:
    """Refuse where a site runs and nobody says how it is restarted."""
    if not args.restart and _answers(data):
        raise Refused(
            "a site runs with this data", hint='give --restart "COMMAND", or stop the site first'
        )


def _started(args: argparse.Namespace, data: Path, within: float) -> str:
    """Why the plant did not start healthily with its files as they are; empty where it did."""
    url = data / "web" / "url"
    before = url.stat().st_mtime_ns if url.exists() else 0
    if not args.restart:
        return _tried(args, data, within)
    words = shlex.split(args.restart)
    if not words:
        raise ConfigError("--restart names no command")
    try:
        done = subprocess.run(words, timeout=within, capture_output=True, text=True, check=False)  # noqa: S603 - the user's own command
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"`{words[0]}`: {error}"
    if done.returncode:
        return f"`{words[0]}` ended with {done.returncode}: {done.stderr.strip()[-300:]}"
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        fresh = url.exists() and url.stat().st_mtime_ns > before
        if fresh and _answers(data):
            return ""
        time.sleep(0.2)
    return f"no answer within {within:g} s"


def _tried(args: argparse.Namespace, data: Path, within: float) -> str:
    """Run the plant ourselves until it answers, then stop it."""
    words = [sys.executable, "-m", "isthmus", "run", str(args.plant), "--data", str(data)]
    with (data / "trial.log").open("wb") as said:
        trial = subprocess.Popen([*words, "--port", "0"], stdout=said, stderr=said)  # noqa: S603 - ourselves
        deadline = time.monotonic() + within
        try:
            while time.monotonic() < deadline and trial.poll() is None:
                if _answers(data):
                    return ""
                time.sleep(0.2)
        finally:
            ended = trial.poll()
            if ended is None:
                trial.terminate()
                trial.wait(60)
    if ended is None:
        return f"no answer within {within:g} s"
    last = (data / "trial.log").read_text("utf-8", "replace").strip()[-300:]
    return f"the plant ended with {ended}: {last}"


def _answers(data: Path) -> bool:
    """Whether a site answers whose stream takes what comes."""
    try:
        Remote.of(data).get("/api/overview")
    except (LinkError, IsthmusError, OSError):
        return False
    return True


def _say(args: argparse.Namespace, told: Mapping[str, object], text: str) -> None:
    print(json.dumps(told) if args.json else text)
