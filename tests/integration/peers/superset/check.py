"""Apache Superset against the SQL endpoint: a connection, its tables, a query in SQL Lab.

Superset wants an environment of its own, which `make superset` makes; the tests of the endpoint
run this script there, and by hand it is

    .make/superset/bin/python check.py "postgresql+psycopg2://reader:...@127.0.0.1:5433/riverside"

It prints what Superset was told as JSON, and ends with 1 where something failed.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
from pathlib import Path

QUERY = (
    "select state_text, count(*) as n, avg(speed) as speed from filler "
    "where time >= now() - interval '1 hour' group by 1 order by 1"
)
SETTINGS = """
SECRET_KEY = {key!r}
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"
WTF_CSRF_ENABLED = TALISMAN_ENABLED = RATELIMIT_ENABLED = False
CACHE_CONFIG = DATA_CACHE_CONFIG = {{"CACHE_TYPE": "NullCache"}}
FILTER_STATE_CACHE_CONFIG = EXPLORE_FORM_DATA_CACHE_CONFIG = {{"CACHE_TYPE": "SimpleCache"}}
"""


def main(uri: str, query: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "settings.py"
        settings.write_text(SETTINGS.format(key=secrets.token_hex(32), folder=folder), "utf-8")
        os.environ |= {"SUPERSET_HOME": folder, "SUPERSET_CONFIG_PATH": str(settings)}
        told = ask(uri, query)
    sys.stdout.write(json.dumps(told, indent=1, default=str) + "\n")
    good = (
        told["connection"]["message"] == "OK"
        and "line1" in told["schemas"]["result"]
        and {one["value"] for one in told["public"]["result"]} >= {"samples", "tags", "events"}
        and {one["value"] for one in told["line1"]["result"]} >= {"filler"}
        and told["ran"].get("status") == "success"
        and told["ran"]["data"]
    )
    return 0 if good else 1


def ask(uri: str, query: str) -> dict[str, dict]:
    client, head = signed_in()
    base = "/api/v1/database/"
    body = {"database_name": "plant", "sqlalchemy_uri": uri}
    told = {}
    answer = client.post(f"{base}test_connection/", json=body, headers=head)
    told["connection"] = answer.get_json()
    made = client.post(base, json={**body, "expose_in_sqllab": True}, headers=head)
    number = made.get_json().get("id")
    told["schemas"] = client.get(f"{base}{number}/schemas/", headers=head).get_json()
    for schema in ("public", "line1"):
        path = f"{base}{number}/tables/?q=(schema_name:{schema})"
        told[schema] = client.get(path, headers=head).get_json()
    path = f"{base}{number}/table_metadata/?name=filler&schema=line1"
    told["columns"] = client.get(path, headers=head).get_json()
    wish = {"database_id": number, "sql": query, "schema": "line1", "runAsync": False}
    told["ran"] = client.post("/api/v1/sqllab/execute/", json=wish, headers=head).get_json()
    return told


def signed_in():
    import superset
    from flask_migrate import upgrade
    from superset.app import create_app

    app = create_app()
    word = secrets.token_urlsafe(18)
    with app.app_context():
        from superset import appbuilder, security_manager

        upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        role = security_manager.find_role("Admin")
        security_manager.add_user("admin", "a", "b", "a@example.org", role, password=word)
    client = app.test_client()
    login = {"username": "admin", "password": word, "provider": "db"}
    token = client.post("/api/v1/security/login", json=login).get_json()["access_token"]
    return client, {"Authorization": f"Bearer {token}"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else QUERY))
