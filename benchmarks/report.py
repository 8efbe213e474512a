"""What every benchmark prints: figures, peers of the same run, and the machine they ran on."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

# before the benchmark itself makes any: what others did meanwhile
LOAD = os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def arguments(
    description: str, extra: Callable[[argparse.ArgumentParser], None] | None = None
) -> argparse.Namespace:
    """The command line all benchmarks share: `json`, `quick`, `out`; `extra` may add more."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print JSON to stdout, nothing else")
    parser.add_argument("--quick", action="store_true", help="same code, less data, under 45 s")
    parser.add_argument("--out", type=Path, help="write the JSON to this file, too")
    if extra is not None:
        extra(parser)
    return parser.parse_args()


def machine(packages: Sequence[str] = ()) -> dict[str, str | int | float]:
    """This machine: processor, cores, memory (GiB), system, Python, versions of `packages`."""
    described: dict[str, str | int | float] = {
        "cpu": _processor(),
        "cores": os.cpu_count() or 0,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        described["memory_gib"] = round(memory / 2**30, 1)
    if LOAD is not None:
        described["load_1min"] = round(LOAD, 2)
    for package in ("isthmus", "numpy", *packages):
        try:
            described[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            described[package] = "not installed"
    return described


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def cpu_rate(work: Callable[[], object], size: int, *, seconds: float = 0.3) -> float:
    """How many of `size` items a call of `work` gets done in one second of processor time."""
    work()
    calls, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        work()
        calls += 1
    return calls * size / spent


def interleaved(
    candidates: Mapping[str, Callable[[], float]], *, rounds: int = 3
) -> dict[str, list[float]]:
    """Each candidate measured once a round, in turn, so that a busy machine hits all alike."""
    results: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, measure in candidates.items():
            results[name].append(measure())
    return results


def middle(values: Sequence[float]) -> float:
    """The median, which one disturbed round cannot move."""
    return statistics.median(values)


Figure = float | int | str | bool | None


@dataclass(slots=True)
class Report:
    """Figures under their agreed names; `show` prints them for people or as JSON."""

    name: str
    packages: Sequence[str] = ()
    figures: dict[str, Figure] = field(default_factory=dict)
    peers: dict[str, dict[str, Figure]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, value: Figure) -> None:
        """A figure of ours."""
        self.figures[name] = value

    def peer(self, peer: str, name: str, value: Figure) -> None:
        """A figure of another implementation, measured in the same run."""
        self.peers.setdefault(peer, {})[name] = value

    def note(self, text: str) -> None:
        """A condition that the reader must know to judge the figures."""
        self.notes.append(text)

    def as_dict(self) -> dict[str, object]:
        """All of it, as it is written: name, figures, peers, machine, and notes if any."""
        written: dict[str, object] = {
            "name": self.name,
            "figures": self.figures,
            "peers": self.peers,
            "machine": machine(self.packages),
        }
        if self.notes:
            written["notes"] = self.notes
        return written

    def table(self) -> str:
        """One line a figure, those of peers beside ours where the names are equal."""
        names = list(self.figures)
        names += [n for peer in self.peers.values() for n in peer if n not in self.figures]
        heads = ["", "isthmus", *self.peers]
        rows = [
            [
                name,
                _cell(self.figures.get(name)),
                *(_cell(p.get(name)) for p in self.peers.values()),
            ]
            for name in dict.fromkeys(names)
        ]
        widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
        lines = [
            row[0].ljust(widths[0])
            + "".join(
                f"  {cell.rjust(width)}" for cell, width in zip(row[1:], widths[1:], strict=True)
            )
            for row in [heads, *rows]
        ]
        return "\n".join([self.name, *lines, *(f"note: {note}" for note in self.notes)])

    def show(self, options: argparse.Namespace) -> None:
        """Print as the command line asked, and write the file that it named."""
        text = json.dumps(self.as_dict(), indent=2)
        if options.out is not None:
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_text(text + "\n", encoding="utf-8")
        sys.stdout.write((text if options.json else self.table()) + "\n")


def _cell(value: Figure) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool | str):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"
