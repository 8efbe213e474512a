"""From rules to what is judged: each condition bound to the tags of its places, equal ones once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from isthmus.insight.rule.judge import Group, Judge, Look, rising, slack, staying
from isthmus.model.condition.condition import Condition, bound
from isthmus.model.rule import Place, Rule
from isthmus.model.sample import Floats, Int32s
from isthmus.model.tag import Namespace


def tags_of(rules: Iterable[Rule], namespace: Namespace) -> Int32s:
    """The ids of all tags that `rules` read, in order."""
    paths = {path for rule in rules for place in rule.places for path in place.inputs()}
    found = [number for path in paths if (number := namespace.id(path)) is not None]
    return np.array(sorted(found), np.int32)


def judge_of(rule: Rule, tags: Int32s, namespace: Namespace) -> Judge:
    """The judge of `rule` over columns that stand for `tags`; it remembers nothing yet."""
    alike: defaultdict[tuple[Condition, Condition | None], list[int]] = defaultdict(list)
    for number, place in enumerate(rule.places):
        alike[place.when, place.until].append(number)
    groups = []
    for (when, until), numbers in alike.items():
        places = [rule.places[number] for number in numbers]
        rows, bounds = _rows(when, places, tags, namespace), _bounds(when, places, namespace)
        rise = Look.of(when, rising(rule, when), rows, bounds, rule.step)
        root = staying(when.root)
        stay = None
        if slack(root) or rule.lasting or root != when.root:
            stay = Look.of(when, root, rows, bounds, rule.step, slack=1.0)
        over = None
        if until is not None:
            rows, bounds = _rows(until, places, tags, namespace), _bounds(until, places, namespace)
            over = Look.of(until, until.root, rows, bounds, rule.step)
        groups.append(Group(np.array(numbers, np.int64), rise, stay, over))
    return Judge(rule, groups)


def _rows(
    condition: Condition, places: Sequence[Place], tags: Int32s, namespace: Namespace
) -> Int32s:
    def row(path: str) -> int:
        return int(np.searchsorted(tags, namespace.id(path) or 0))

    found = [[row(place.paths[name]) for place in places] for name in condition.inputs]
    return np.array(found, np.int32).reshape(len(condition.inputs), len(places))


def _bounds(condition: Condition, places: Sequence[Place], namespace: Namespace) -> Floats:
    def limit(path: str, group: str, word: str) -> float:
        number = namespace.id(path)
        found = None if number is None else bound(namespace[number], group, word)
        return np.nan if found is None else found

    found = [
        [limit(place.paths[name], group, word) for place in places]
        for name, group, word in condition.bounds
    ]
    return np.array(found, np.float64).reshape(len(condition.bounds), len(places))
