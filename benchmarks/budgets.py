"""What the benchmarks must reach on 2 cores and 24 GiB, what they aim for, and which figures count.

`FIGURES` are the names that results are compared by over the years: each result has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FIGURES: Mapping[str, tuple[str, ...]] = {
    "path": ("values_per_s", "cpu_us_per_value", "rss_mb"),
    "opcua_decode": ("values_per_cpu_s", "ratio_to_asyncua"),
    "modbus": ("registers_per_s", "registers_per_cpu_s"),
    "bus": ("publish_1000_frames_per_s", "always_1000_frames_per_s", "latency_p95_ms"),
    "historian": (
        "rows_per_s_1k",
        "rows_per_s_10k",
        "rows_per_s_100k",
        "bytes_per_sample",
        "last_value_ms",
        "day_500_ms",
        "thousand_tags_hour_ms",
    ),
    "latency": ("p50_ms", "p95_ms"),
    "gateway": ("values_per_s", "cpu_ms_per_1000_values", "arrived_percent"),
    "start": ("help_ms", "first_value_s"),
    "memory": ("rss_mb", "peak_rss_mb"),
    "policy": ("decisions_per_s", "first_decisions_per_s"),
    "tls": ("tls_values_per_s", "plain_values_per_s", "bus_cost_percent", "path_cost_percent"),
    "kpi": ("year_s", "year_cpu_s", "late_ms"),
    "truth": ("oee_worst_points", "bottleneck_active", "reason_stops", "reason_time", "wait_stops"),
    "scorecard": ("page_p50_ms", "page_p95_ms", "answer_p95_ms"),
    "rules": ("look_p50_ms", "look_p95_ms", "cpu_percent", "backtest_day_s"),
    "write_path": ("p50_ms", "p95_ms", "records_per_s", "flushed_records_per_s"),
}


@dataclass(frozen=True, slots=True)
class Budget:
    """One figure's bounds: `must` is a promise, `aim` is where the design says it can be."""

    benchmark: str
    figure: str
    says: str
    must: float
    aim: float
    better: Literal["more", "less"] = "less"

    def verdict(self, measured: float) -> str:
        """`short` of what it must, `must` where only that is reached, else `aim`."""
        if self._reaches(measured, self.aim):
            return "aim"
        return "must" if self._reaches(measured, self.must) else "short"

    def _reaches(self, measured: float, bound: float) -> bool:
        return measured >= bound if self.better == "more" else measured <= bound


BUDGETS = (
    Budget("path", "values_per_s", "values/s through the whole path", 500e3, 1.5e6, "more"),
    Budget("path", "always_values_per_s", "the same, each frame synced", 500e3, 1.5e6, "more"),
    Budget("opcua_decode", "values_per_cpu_s", "OPC UA values/CPU s", 1e6, 5e6, "more"),
    Budget("memory", "rss_mb", "MB: site, 10,000 tags at 1 Hz", 600, 300),
    Budget("latency", "p95_ms", "ms from device to pixels, p95", 500, 150),
    Budget(
        "historian", "acknowledged_rows_per_s_10k", "rows/s acknowledged, synced", 1e6, 4e6, "more"
    ),
    Budget("historian", "bytes_per_sample", "bytes a sample on disk", 2.7, 1.6),
    Budget("historian", "last_value_ms", "ms: last value of 10,000 tags", 5, 0.1),
    Budget("historian", "day_500_ms", "ms: a day of a tag as 500 points", 20, 3),
    Budget("historian", "thousand_tags_hour_ms", "ms: an hour of 1,000 tags", 60, 20),
    Budget(
        "historian", "writer_rows_per_s", "of 100,000/s written among 4 readers", 98e3, 99e3, "more"
    ),
    Budget("kpi", "year_s", "s: a year of ten machines to all key figures", 10, 5),
    Budget("kpi", "late_ms", "ms: a late sample to the figures of its shift", 200, 100),
    Budget("truth", "oee_worst_points", "points: OEE of the worst day of two years", 0.1, 0.05),
    Budget("truth", "bottleneck_active", "of the days: the right bottleneck", 0.9, 0.95, "more"),
    Budget("truth", "reason_stops", "of own stops: the right reason", 0.9, 0.95, "more"),
    Budget("truth", "reason_time", "of their time", 0.9, 0.95, "more"),
    Budget(
        "scorecard", "page_p95_ms", "ms: the scorecard's page until its goals are drawn", 300, 150
    ),
    Budget("write_path", "p95_ms", "ms: guarded write, read back, recorded, p95", 100, 50),
    Budget("policy", "decisions_per_s", "decisions of the policy/s", 100e3, 500e3, "more"),
    Budget("tls", "path_cost_percent", "% that TLS adds to the CPU of the whole path", 10, 5),
    Budget("start", "help_ms", "ms: isthmus --help", 150, 100),
    Budget("start", "first_value_s", "s: demo to its first value", 20, 8),
)
