"""How long a person waits: for `isthmus --help`, and for the demonstration's first value.

`help_ms` is the median of cold processes with warm disks, `first_value_s` what the demonstration
itself reports (start of the site to the first value of a machine), `demo_s` from the command to
the end of a demonstration of 5 s with an hour of back-filled history.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time

from benchmarks.report import Report, arguments, middle


def help_ms() -> float:
    """Milliseconds of one `isthmus --help`."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "isthmus", "--help"], stdout=subprocess.DEVNULL, check=True
    )
    return (time.perf_counter() - began) * 1e3


def demo() -> tuple[float, float]:
    """Seconds to the first value, and of the whole command."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "isthmus", "demo", "--for", "5", "--json"]
        began = time.perf_counter()
        told = subprocess.run(
            [*command, "--folder", folder, "--port", "0", "--back-fill", "1"],
            capture_output=True,
            check=True,
            timeout=300,
        )
        return float(json.loads(told.stdout)["first_value_s"]), time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "")
    report = Report("start")
    help_ms()
    report.add("help_ms", round(middle([help_ms() for _ in range(7 if options.quick else 15)]), 1))
    found = [demo() for _ in range(1 if options.quick else 3)]
    report.add("first_value_s", round(middle([first for first, _ in found]), 2))
    report.add("demo_s", round(middle([whole for _, whole in found]), 1))
    report.show(options)


if __name__ == "__main__":
    main()
