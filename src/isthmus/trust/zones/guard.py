"""The process that puts old rules back, unless somebody confirms the new ones in time.

`python -m isthmus.trust.zones.guard FOLDER NFT`, with what waits as JSON on standard input.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from isthmus.trust.zones.boundary import CONFIRMED, PENDING, restore, write


def main() -> int:
    """Wait, then restore; 0 where the rules were confirmed or put back."""
    for name in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(name, signal.SIG_IGN)
    folder, nft = Path(sys.argv[1]), sys.argv[2]
    wait = json.loads(sys.stdin.read())
    write(folder / PENDING, json.dumps(wait))
    os.write(1, b"ready\n")
    until = time.monotonic() + wait["seconds"]  # whatever the wall clock does meanwhile
    while time.monotonic() < until:
        if _confirmed(folder, wait["token"]):
            (folder / PENDING).unlink(missing_ok=True)
            return 0
        time.sleep(0.05)
    return 0 if restore(folder, nft) else 1


def _confirmed(folder: Path, token: str) -> bool:
    try:
        return (folder / CONFIRMED).read_text("utf-8") == token
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
