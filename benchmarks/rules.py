"""A thousand rules over ten thousand samples a second: how long a look takes, and a back-test.

`look_p50_ms` and `look_p95_ms` are what judging all rules takes in each second; `cpu_percent` is
that work's share of one core, hearing the samples included. The rules are of five kinds, no two
alike: comparisons, means of 15 min, spans of 5 min, counts of 30 min, `for`. `backtest_day_s` is
one rule with a mean of 15 min over a day of a tag that tells something each second.
"""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np

from benchmarks.report import Report, arguments
from isthmus.historian.memory import Memory
from isthmus.insight.rule.bench import Bench
from isthmus.model.condition.condition import condition
from isthmus.model.plant import Plant
from isthmus.model.rule import Place, Rule
from isthmus.model.sample import Batch, Bools, Int64s, Nanoseconds
from isthmus.model.tag import Limits, Namespace, Tag
from isthmus.runtime.rule.backtest import Source, backtest
from isthmus.runtime.rule.heard import Samples

RULES = 1_000
SECOND = 10**9
START = 1_800_000_000 * SECOND
PARTS = 10  # batches in which the samples of a second come
TEXTS = (
    "a > {0} and b < 90",
    "mean(a, 15 min) > {0} or c > limits.high",
    "max(a, 5 min) - min(a, 5 min) > {0}",
    "count(a > {0}, 30 min) > 5",
    "a > {0} for 30 s",
)


def made(namespace: Namespace) -> list[Rule]:
    """A thousand rules, no two alike, each over three tags of a machine of ten."""
    rules = []
    for number in range(RULES):
        path = f"hall/line/m{number}"
        tags = [Tag(f"{path}/{name}", limits=Limits(high=95)) for name in "abcdefghij"]
        for tag in tags:
            namespace.bind(tag)
        text = TEXTS[number % len(TEXTS)].format(50 + number / 100)
        when = condition(text, {tag.name: tag for tag in tags}, deadband=1.0, windows=True)
        paths = {name: f"{path}/{name}" for name in when.inputs}
        rules.append(Rule(f"r{number}", (Place(path, when, None, paths),)))
    return rules


def always(_: Rule, moments: Int64s) -> Bools:
    """Each looks at every moment."""
    return np.ones(len(moments), bool)


def second(size: int, chance: np.random.Generator, at: int) -> list[Batch]:
    """A value of each tag, as several batches."""
    tags, values = chance.permutation(size).astype(np.int32), chance.uniform(0, 100, size)
    whole = Batch(tags, np.full(size, at, np.int64), values, np.zeros(size, np.uint32))
    cuts = np.linspace(0, size, PARTS + 1).astype(int).tolist()
    return [whole.slice(first, last) for first, last in pairwise(cuts)]


def looks(rules: list[Rule], namespace: Namespace, count: int) -> tuple[list[float], float, int]:
    """Milliseconds of each look in order of length, the share of a core, and what turned."""
    bench = Bench.of(rules, namespace, always)
    heard, chance = Samples([bench]), np.random.default_rng(7)
    bench.start(START, Batch.empty())
    spent, cpu, turned = [], 0.0, 0
    for number in range(1, count + 1):
        at = START + number * SECOND
        batches = second(len(namespace), chance, at)
        began, used = time.perf_counter(), time.process_time()
        for batch in batches:
            heard.hear(batch)
        turned += len(bench.advance(heard.take(), at))
        spent.append((time.perf_counter() - began) * 1e3)
        cpu += time.process_time() - used
    return sorted(spent), cpu / count, turned


def past(rule: Rule, namespace: Namespace, seconds: int) -> float:
    """Seconds for a back-test of so many seconds."""
    memory, chance = Memory(), np.random.default_rng(7)
    times = START + np.arange(seconds, dtype=np.int64) * SECOND
    for path in {path for place in rule.places for path in place.inputs()}:
        tags = np.full(seconds, namespace.id(path), np.int32)
        values, quality = chance.uniform(0, 100, seconds), np.zeros(seconds, np.uint32)
        memory.append(Batch(tags, times, values, quality), stream=path, position=1)
    span = Nanoseconds(START), Nanoseconds(START + seconds * SECOND)
    began = time.perf_counter()
    backtest(rule, Source(Plant("acme", "riverside"), namespace, memory), span)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "")
    report = Report("rules", packages=("numpy",))
    namespace = Namespace()
    rules = made(namespace)
    count = 30 if options.quick else 300
    spent, cpu, turned = looks(rules, namespace, count)
    hours = 4 if options.quick else 24
    day = past(rules[1], namespace, hours * 3_600)
    report.add("look_p50_ms", round(spent[count // 2], 1))
    report.add("look_p95_ms", round(spent[int(count * 0.95)], 1))
    report.add("cpu_percent", round(100 * cpu, 1))
    report.add("backtest_day_s", round(day * 24 / hours, 2))
    report.note(f"{RULES} rules, {len(namespace)} samples/s, {turned} turns in {count} s")
    report.show(options)


if __name__ == "__main__":
    main()
