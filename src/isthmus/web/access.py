"""Whether who asks may ask it: every route of the API is held to the policy before it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Annotated

from fastapi import Depends, Request

from isthmus.model.access import Decision, Principal, Right
from isthmus.runtime.app import App
from isthmus.web.ask import DIGITS, Problem, line_of
from isthmus.web.need import NEEDS, At, Need

READERS = "tags", "tag"  # questions that name tags
OWNERS = Need(Right.ADMINISTER, At.HOUSE)


class Sight:
    """What of the plant the one who asks may see."""

    def __init__(self, app: App, principal: Principal) -> None:
        self._app, self.principal = app, principal

    def one(self, path: str, right: Right = Right.READ) -> bool:
        """Whether it may be seen; the whole site where empty."""
        if self.principal.owner:
            return True
        return bool(self._app.trust.rights.policy.decide(self.principal, right, path))

    def only(self, paths: Iterable[str], right: Right = Right.READ) -> list[str]:
        """Those of `paths` that may be seen, in their order."""
        return [path for path in paths if self.one(path, right)]

    def require(self, right: Right, path: str = "") -> None:
        """Problem where who asks has not the right at `path`."""
        found = self._app.trust.rights.decide(self.principal, right, path)
        if not found:
            raise refusal(right, path, found)

    @property
    def narrow(self) -> Callable[[str], bool] | None:
        """What says of a path whether it may be seen; None where nothing is hidden."""
        return None if self.everything else self.one

    def lasting(self, paths: Sequence[str]) -> Callable[[], bool]:
        """Asks whether all of `paths` may be read, and no less or more of the site than now."""
        rights, whole = self._app.trust.rights, self.everything
        judged = None  # by this policy, whatever it was at first

        def lasts() -> bool:
            nonlocal judged
            policy = rights.policy
            if policy is not judged:
                if self.everything != whole or not all(map(self.one, paths)):
                    return False
                judged = policy
            return True

        return lasts

    @property
    def everything(self) -> bool:
        """Whether nothing of the site is hidden."""
        return self.one("")


def sight(request: Request) -> Sight:
    """What the one who asks may see."""
    found: Sight = request.state.sight
    return found


Seen = Annotated[Sight, Depends(sight)]


def enforce(app: App) -> Callable[[Request], Awaitable[None]]:
    """The check before every route; it lets pages pass, which hold nothing of the plant."""

    async def check(request: Request) -> None:
        path = getattr(request.scope.get("route"), "path", "")
        principal = getattr(request.state, "principal", None)
        if not path.startswith("/api"):
            return  # a page: it holds nothing of the plant
        need = NEEDS.get(f"{request.method} {path}", OWNERS)
        if need.at is At.OPEN:
            return
        if principal is None:
            raise Problem(401, "not signed in", "sign in, or run `isthmus link`")
        request.state.sight = Sight(app, principal)
        if need.at in (At.SELF, At.OWN):
            return
        if need.at is At.HOUSE or need.right is None:
            if not principal.owner:
                reason = "only the owner of the data folder may do this"
                raise refusal(OWNERS.right or Right.ADMINISTER, "", Decision(False, reason))
            return
        _check(app, principal, need, request)

    return check


def _check(app: App, principal: Principal, need: Need, request: Request) -> None:
    if need.right is None or principal.owner:
        return
    rights, right = app.trust.rights, need.right
    if need.at is At.SEEN:
        seen = rights.policy.decide(principal, right)
        if not seen and not any(rights.sees(principal, list(app.namespace.paths()))):
            raise refusal(right, "", rights.decide(principal, right))
        return
    if need.at in (At.TAGS, At.LINK):
        paths = _asked(app, need.at, request)
        found = rights.decide_each(principal, right, paths)
        if not found:
            where = next(path for path in paths if not rights.policy.decide(principal, right, path))
            raise refusal(right, where, found)
        return
    where = _place(app, need.at, request)
    found = rights.decide(principal, right, where)
    if not found:
        raise refusal(right, where, found)


def refusal(right: Right, path: str, found: Decision) -> Problem:
    """What is missing, where, and who can give it."""
    return Problem(
        403, f"this needs {right} at {path or 'the whole site'}: {found.reason}", found.hint
    )


def _place(app: App, at: At, request: Request) -> str:
    """The path that a question is about; what is not there is refused where it is looked up."""
    if at is At.SITE:
        return ""
    asked = request.query_params.get("line" if at is At.LINE else "path", "").strip("/")
    if not asked and at in (At.LINE, At.PLACE):
        return line_of(app, None).path
    return asked


def _tags(app: App, request: Request) -> Iterator[str]:
    """The paths of the tags that are named one by one; patterns are narrowed by the route."""
    known, root = app.namespace, f"{app.plant.enterprise}/{app.plant.site}/"
    for key in READERS:
        for text in request.query_params.getlist(key):
            for word in (word.strip() for word in text.split(",")):
                if word.isdecimal() and len(word) <= DIGITS and int(word) < len(known):
                    yield app.path(int(word))
                else:
                    plain = word.removeprefix(root)
                    if known.id(plain) is not None:
                        yield plain


def _asked(app: App, at: At, request: Request) -> list[str]:
    if at is At.TAGS:
        return list(_tags(app, request))
    return linked(app, str(request.path_params.get("name", "")))


def linked(app: App, name: str) -> list[str]:
    """The paths of a connection's tags; the whole site where none is known beforehand."""
    link = app.plant.connections.get(name)
    return list(link.addresses if link else ()) or [""]
