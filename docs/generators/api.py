"""The HTTP API, from its OpenAPI document."""

from __future__ import annotations

import json
from typing import Any

from generators.markdown import code, page, sentence, table
from isthmus.web.openapi import openapi

INTRO = """\
The site answers on the address that `web: {listen: ...}` names, `127.0.0.1:8800` by default. All
routes are under `/api`; the document itself is at `/api/openapi.json`. A caller is known by the
cookie of a sign-in link, or by the token in `web/token` of the data folder:

```sh
curl -H "Authorization: Bearer $(cat .isthmus/web/token)" http://127.0.0.1:8800/api/overview
```

Times are milliseconds since 1970 UTC on the plant's clock; qualities are OPC UA status codes. A
refusal is a [Problem](#problem) with the reason and what to do next.
"""


def document() -> str:
    """The OpenAPI document as the pages' build reads it."""
    return json.dumps(openapi(), indent=1, ensure_ascii=False) + "\n"


def render() -> str:
    """The page."""
    made = openapi()
    routes = [
        (path, method.upper(), told)
        for path, operations in made["paths"].items()
        for method, told in operations.items()
    ]
    listed = table(
        ("route", "answers"),
        ((f"`{method} {path}`", told["summary"]) for path, method, told in routes),
    )
    models = made["components"]["schemas"]
    return page(
        "HTTP API",
        INTRO,
        listed,
        *(_route(path, method, told) for path, method, told in routes),
        "## Answers",
        *(_model(name, models[name]) for name in models),
    )


def _route(path: str, method: str, told: dict[str, Any]) -> str:
    parts = [f"## {method} {path}", sentence(f"{told['summary']}.")]
    rows = [
        (
            f"`{each['name']}`",
            str(each.get("description", "")),
            _form(each["schema"]),
            "required" if each.get("required") else _default(each["schema"]),
        )
        for each in told.get("parameters", ())
    ]
    if rows:
        parts.append(table(("parameter", "what", "values", "default"), rows))
    answers = [
        f"`{kind}`: {_form(content.get('schema', {})) or 'bytes'}"
        for kind, content in told["responses"].get("200", {}).get("content", {}).items()
    ]
    parts.append("Answers " + ("; ".join(answers) if answers else "a file") + ".")
    return "\n\n".join(parts)


def _model(name: str, model: dict[str, Any]) -> str:
    parts = [f"### {name}", sentence(str(model.get("description", "")))]
    if "enum" in model:
        parts.append("One of " + ", ".join(code(str(word)) for word in model["enum"]) + ".")
    rows = [
        (f"`{key}`", _form(field), str(field.get("description", "")))
        for key, field in model.get("properties", {}).items()
    ]
    if rows:
        parts.append(table(("field", "type", "what"), rows))
    return "\n\n".join(part for part in parts if part)


def _default(schema: dict[str, Any]) -> str:
    made = schema.get("default")
    return code(made) if made not in (None, "") else ""


def _form(schema: dict[str, Any]) -> str:
    more = schema.get("additionalProperties")
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_form(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return ", ".join(code(str(word)) for word in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_form(schema.get('items', {})) or 'values'}"
    if isinstance(more, dict):
        return f"mapping to {_form(more)}"
    words = {"string": "text", "object": "mapping"}
    return words.get(str(schema.get("type", "")), str(schema.get("type", "")))
