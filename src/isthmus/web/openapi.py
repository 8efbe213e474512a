"""The API told as OpenAPI: what FastAPI finds, what the live streams send, and the refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from fastapi import FastAPI
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from isthmus.runtime.app import App
from isthmus.trust.identity.identity import Identity
from isthmus.web.contract import Answer

_MODE: JsonSchemaMode = "serialization"
_PLACE = "#/components/schemas/{model}"


def _ref(model: str) -> dict[str, str]:
    return {"$ref": _PLACE.format(model=model)}


EVENTS: dict[str, dict[str, Any]] = {
    "/api/live": {"anyOf": [_ref("LiveValues"), _ref("LiveStatus")]},
    "/api/links/{name}/tap": {"type": "array", "items": _ref("TapRow")},
}
"""What each live stream sends as the data of its events."""


class Api(FastAPI):
    """A FastAPI application whose document holds every model of the contract."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = _whole(super().openapi())
        return self.openapi_schema


def openapi() -> dict[str, Any]:
    """The API's OpenAPI document, without a running plant."""
    from isthmus.web.server import create  # noqa: PLC0415 - it builds on this module
    from isthmus.web.session import Entrance  # noqa: PLC0415

    nothing = cast("App", None)  # routes ask the plant when they are called, not when made
    return create(nothing, Entrance("", cast("Identity", None))).openapi()


def _whole(made: dict[str, Any]) -> dict[str, Any]:
    models = sorted(_answers(Answer), key=lambda model: model.__name__)
    _, whole = models_json_schema([(model, _MODE) for model in models], ref_template=_PLACE)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)  # our refusals are all of one shape
    made["components"]["schemas"] = dict(sorted({**schemas, **whole["$defs"]}.items()))
    for path, operations in made["paths"].items():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = {
                "description": "Why it cannot be answered, and what to do next.",
                "content": {"application/json": {"schema": _ref("Problem")}},
            }
            if path in EVENTS:
                content = {"text/event-stream": {"schema": EVENTS[path]}}
                operation["responses"]["200"]["content"] = content
    return made


def _answers(model: type[Answer]) -> Iterator[type[Answer]]:
    for below in model.__subclasses__():
        yield below
        yield from _answers(below)
