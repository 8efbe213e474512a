"""Dashboards and provisioning for Grafana, of the plant that runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from isthmus.runtime.app import App
from isthmus.runtime.grafana.provision import files
from isthmus.web import contract

USUAL = "127.0.0.1:5433"


def routes(app: App) -> APIRouter:
    """The route that makes them."""
    router = APIRouter(prefix="/api", tags=["history"])

    @router.get("/grafana", summary="Dashboards and provisioning for Grafana, as text by file name")
    def grafana(
        address: Annotated[
            str, Query(max_length=300, description="host:port of the SQL endpoint for Grafana.")
        ] = "",
        user: Annotated[str, Query(max_length=100, description="Of the SQL endpoint.")] = "grafana",
    ) -> contract.GrafanaFiles:
        try:
            known = (app.settings.folder / "sql" / "address").read_text("ascii").strip()
        except OSError:
            known = ""
        made = files(app.plant, address=address or known or USUAL, user=user)
        return contract.GrafanaFiles(files=made)

    return router
