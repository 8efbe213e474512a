"""How fast the policy decides: 40 people and 20 grants over the tags of a plant of 2,000 tags.

`decisions_per_s` is the question as routes ask it, again and again for the same people and tags;
`first_decisions_per_s` is each question once after a change of the policy. Peer: Cedar's own
evaluator (cedarpy), with its policies and entities parsed before.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable

from benchmarks.report import Report, arguments, middle
from isthmus.model.access import Access, Deny, Grant, Principal, Right, Role
from isthmus.trust.policy.policy import Policy

LINES, UNITS, TAGS = 10, 20, 10
RIGHTS = (Right.READ, Right.WRITE, Right.APPROVE)
ROLES = (Role.OPERATOR, Role.ENGINEER, Role.VIEWER)
PATHS = [
    f"hall/line{line}/unit{unit}/tag{tag}"
    for line in range(LINES)
    for unit in range(UNITS)
    for tag in range(TAGS)
]
TEAMS = {
    f"team:crew{line}": frozenset(f"person:p{line}_{n}" for n in range(4)) for line in range(LINES)
}
ACCESS = Access(
    tuple(
        Grant(f"team:crew{line}", role, f"hall/line{line}")
        for line in range(LINES)
        for role in ROLES[:2]
    ),
    (Deny("team:crew1", frozenset({Right.WRITE}), "hall/line1/unit3"),),
    TEAMS,
)
PEOPLE = [Principal(name) for members in TEAMS.values() for name in sorted(members)]


def asked(count: int) -> list[tuple[Principal, Right, str]]:
    """Questions of a day: half of them about the asker's own line."""
    chance = random.Random(4)
    made = []
    for _ in range(count):
        who = chance.choice(PEOPLE)
        line = who.id.split("_")[0].removeprefix("person:p")
        path = chance.choice(PATHS)
        if chance.random() < 0.5:
            path = f"hall/line{line}/{path.split('/', 2)[2]}"
        made.append((who, chance.choice(RIGHTS), path))
    return made


def rate(work: Callable[[], int]) -> float:
    """How many a second."""
    began = time.perf_counter()
    done = work()
    return done / (time.perf_counter() - began)


def ours(policy: Policy, questions: list[tuple[Principal, Right, str]]) -> int:
    """All questions, one after the other."""
    for who, right, path in questions:
        policy.decide(who, right, path)
    return len(questions)


def cedar(questions: list[tuple[Principal, Right, str]]) -> tuple[float, int] | None:
    """What Cedar decides a second, and how often it decides otherwise; None where it is missing."""
    try:
        import cedarpy  # noqa: PLC0415
    except ImportError:
        return None
    lines = [
        f'permit(principal in Team::"crew{line}", action, resource in Place::"hall/line{line}");'
        for line in range(LINES)
    ]
    lines.append(
        'forbid(principal in Team::"crew1", action == Action::"write", '
        'resource in Place::"hall/line1/unit3");'
    )
    entities = [
        {"uid": {"type": "Person", "id": who.id}, "attrs": {}, "parents": [_team(who)]}
        for who in PEOPLE
    ]
    for path in dict.fromkeys(place for full in PATHS for place in _above(full)):
        parent = path.rpartition("/")[0]
        parents = [{"type": "Place", "id": parent}] if parent else []
        entities.append({"uid": {"type": "Place", "id": path}, "attrs": {}, "parents": parents})
    policies = cedarpy.PolicySet.from_str("\n".join(lines))
    known = cedarpy.Entities.from_json_str(json.dumps(entities))
    mine, wrong = Policy(ACCESS), 0
    requests = [
        {
            "principal": f'Person::"{who.id}"',
            "action": f'Action::"{right}"',
            "resource": f'Place::"{path}"',
            "context": {},
        }
        for who, right, path in questions
    ]
    began = time.perf_counter()
    said = [cedarpy.is_authorized(request, policies, known) for request in requests]
    took = time.perf_counter() - began
    for answer, (who, right, path) in zip(said, questions, strict=True):
        wrong += (answer.decision == cedarpy.Decision.Allow) != bool(mine.decide(who, right, path))
    return len(questions) / took, wrong


def _team(who: Principal) -> dict[str, str]:
    return {"type": "Team", "id": f"crew{who.id.split('_')[0].removeprefix('person:p')}"}


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__ or "")
    report = Report("policy", packages=("cedarpy",))
    questions = asked(20_000)
    report.add("first_decisions_per_s", round(rate(lambda: ours(Policy(ACCESS), questions))))
    policy = Policy(ACCESS)
    ours(policy, questions)
    rounds = 5 if options.quick else 25
    found = [rate(lambda: ours(policy, questions)) for _ in range(rounds)]
    report.add("decisions_per_s", round(middle(found)))
    peer = cedar(questions[:2_000])
    if peer is not None:
        report.peer("cedarpy", "first_decisions_per_s", round(peer[0]))
        report.note(f"cedarpy decided otherwise in {peer[1]} of 2,000 questions")
    report.show(options)


if __name__ == "__main__":
    main()
