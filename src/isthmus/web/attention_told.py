"""What keeps people from being told of alarms: channels, rotas, notices that were lost."""

from __future__ import annotations

from collections.abc import Iterator

from isthmus.model.alarm import Priority
from isthmus.runtime.app import App
from isthmus.web import contract

DIAGNOSTIC = Priority.DIAGNOSTIC
TOLD = "/alarms?view=told"


def untold(app: App) -> Iterator[contract.Attention]:
    """Ways and rotas by which nobody can be told of alarms now."""
    for name, courier in app.notify.couriers.items():
        if courier.trouble:
            yield contract.Attention(
                priority=DIAGNOSTIC,
                title=f"Messages by {name} do not get through",
                detail=courier.trouble,
                advice=courier.hint or "`isthmus notify list` tells more",
                since=courier.since / 1e6,
                href=TOLD,
            )
    yield from _rotas(app)
    for count, what in (
        (app.notify.lost + app.notify.watchman.lost, "notices came too fast to be told"),
        (app.notify.outbox.dropped, "messages found no room in the outbox"),
    ):
        if count:
            yield contract.Attention(
                priority=DIAGNOSTIC,
                title=f"{count} {what}",
                detail=app.notify.trouble,
                advice="tell fewer: routes by priority, `isthmus alarm rationalise`",
                since=app.now() / 1e6,
                href=TOLD,
            )


def _rotas(app: App) -> Iterator[contract.Attention]:
    for lack in app.notify.whom.lacks:
        title = f"The calendar file of the rota {lack.rota} does not count"
        if not lack.manned:
            title = f"Nobody is on call in the rota {lack.rota}"
        yield contract.Attention(
            priority=DIAGNOSTIC,
            title=title,
            detail=lack.trouble or "no event of its file and no override names anybody now",
            advice="`isthmus notify on-call` tells who is; `turns` stand in for a file",
            since=app.now() / 1e6,
            href=TOLD,
        )
