"""How long a guarded write takes, and how fast the ledger takes records.

`p50_ms` and `p95_ms` are of writes to the demonstration's filler, over HTTP on the loopback: all
guards, the wish flushed to the disk, the value written over OPC UA and read back, the outcome
flushed. `records_per_s` is the ledger alone without its flush, `flushed_records_per_s` with one
flush a record.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Report, arguments
from isthmus.client.remote import Remote
from isthmus.model.errors import IsthmusError
from isthmus.model.record import Kind
from isthmus.trust.ledger.ledger import Ledger

PATH = "packaging/line1/filler/setpoint"
STEP = 0.1  # the plant file bounds what a minute may change


def records_per_s(count: int, *, flushed: bool) -> float:
    """Records a second of one thread."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger.open(Path(folder))
        if not flushed:
            ledger._sync = lambda: None  # type: ignore[method-assign]
        began = time.perf_counter()
        for number in range(count):
            ledger.record(
                Kind.ACTION, "person:anna", "wrote", about=PATH, facts={"n": number, "ok": True}
            )
        took = time.perf_counter() - began
        ledger.close()
    return count / took


def write(site: Remote, value: float) -> float:
    """Milliseconds of one write that was read back."""
    wish = {"path": PATH, "value": value, "reason": "a benchmark"}
    began = time.perf_counter()
    told = site.send("/api/writes", json.dumps(wish).encode())
    took = (time.perf_counter() - began) * 1e3
    if told["state"] != "written" or abs(told["after"] - value) > STEP / 2:
        raise SystemExit(f"not written: {told['state']} {told['text']}")
    return took


def writes(count: int) -> list[float]:
    """Milliseconds of so many writes to a demonstration of its own, in order of length."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "isthmus", "demo", "--folder", folder, "--port", "0"]
        demo = subprocess.Popen(
            [*command, "--back-fill", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            site = ready(Path(folder) / "site")
            return sorted(write(site, 118.4 - STEP * (number % 2)) for number in range(count))
        finally:
            demo.terminate()
            demo.wait(60)


def ready(folder: Path) -> Remote:
    """The demonstration, once its permit is there and its filler is up."""
    until = time.monotonic() + 120
    wish = json.dumps({"path": PATH, "value": 118.3, "reason": "a look"}).encode()
    while time.monotonic() < until:
        try:
            site = Remote.of(folder)
            if site.send("/api/writes/preview", wish)["allowed"]:
                return site
        except IsthmusError:
            pass
        time.sleep(0.2)
    raise SystemExit("the demonstration did not start")


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "")
    report = Report("write_path")
    size = 20_000 if options.quick else 200_000
    report.add("records_per_s", round(records_per_s(size, flushed=False)))
    report.add("flushed_records_per_s", round(records_per_s(size // 20, flushed=True)))
    found = writes(100 if options.quick else 200)
    report.add("p50_ms", round(found[len(found) // 2], 1))
    report.add("p95_ms", round(found[int(len(found) * 0.95)], 1))
    report.show(options)


if __name__ == "__main__":
    main()
