"""From rules to what is judged: each condition bound to the tags of its places, equal ones once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from isthmus.insight.rule.judge import Group, Judge, Look, rising, slack, staying
from isthmus.model.condition.condition import Condition
from isthmus.model.condition.reader import bound
from isthmus.model.condition.told import Feed
from isthmus.model.rule import Place, Rule
from isthmus.model.sample import Floats, Int32s, TagId
from isthmus.model.tag import Namespace


def tags_of(rules: Iterable[Rule], namespace: Namespace) -> Int32s:
    """The ids of all tags that `rules` read, in order."""
    paths = {path for rule in rules for place in rule.places for path in place.inputs()}
    found = [number for path in paths if (number := namespace.id(path)) is not None]
    return np.array(sorted(found), np.int32)


def feeds_of(rules: Iterable[Rule]) -> list[Feed]:
    """What `rules` read that no tag tells, each once, in order."""
    found = {feed.key: feed for rule in rules for place in rule.places for feed in place.feeds}
    return [found[key] for key in sorted(found)]


def rows_of(tags: Int32s, feeds: Sequence[Feed], namespace: Namespace) -> dict[str, int]:
    """Which row stands for each path, and behind the tags for each feed by its key."""
    keys = [*(namespace[TagId(tag)].path for tag in tags.tolist()), *(feed.key for feed in feeds)]
    return {key: row for row, key in enumerate(keys)}


def judge_of(rule: Rule, where: Mapping[str, int], namespace: Namespace) -> Judge:
    """The judge of `rule` over rows that are `where` each path is; it remembers nothing yet."""
    alike: defaultdict[tuple[Condition, Condition | None], list[int]] = defaultdict(list)
    for number, place in enumerate(rule.places):
        alike[place.when, place.until].append(number)
    groups = []
    for (when, until), numbers in alike.items():
        places = [rule.places[number] for number in numbers]
        rows, bounds = _rows(when, places, where), _bounds(when, places, namespace)
        rise = Look.of(when, rising(rule, when), rows, bounds, rule.step)
        root = staying(when.root)
        stay = None
        if slack(root) or rule.lasting or root != when.root:
            stay = Look.of(when, root, rows, bounds, rule.step, slack=1.0)
        over = None
        if until is not None:
            rows, bounds = _rows(until, places, where), _bounds(until, places, namespace)
            over = Look.of(until, until.root, rows, bounds, rule.step)
        groups.append(Group(np.array(numbers, np.int64), rise, stay, over))
    return Judge(rule, groups)


def _rows(condition: Condition, places: Sequence[Place], where: Mapping[str, int]) -> Int32s:
    found = [[where.get(place.paths[name], 0) for place in places] for name in condition.inputs]
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
