"""Everything that Grafana reads at its start: the data source, where dashboards lie, dashboards."""

from __future__ import annotations

import json

import yaml

from isthmus.model.plant import Plant
from isthmus.runtime.grafana.dashboard import dashboards, uid

CA = "/etc/grafana/isthmus/ca.crt"
FOLDER = "/etc/grafana/isthmus/dashboards"
PASSWORD = "$ISTHMUS_SQL_PASSWORD"  # noqa: S105 - Grafana's own environment holds it


def files(
    plant: Plant, *, address: str, user: str, ca: str = CA, folder: str = FOLDER
) -> dict[str, str]:
    """The text of each file by its path: provisioning and dashboards.

    `address` is where the SQL endpoint answers, `ca` and `folder` are paths on Grafana's machine.
    No password is in them.
    """
    made = {
        "provisioning/datasources/isthmus.yaml": _yaml(_source(plant, address, user, ca)),
        "provisioning/dashboards/isthmus.yaml": _yaml(_provider(plant, folder)),
    }
    for name, dashboard in dashboards(plant).items():
        made[f"dashboards/{name}.json"] = json.dumps(dashboard, indent=2) + "\n"
    return made


def _source(plant: Plant, address: str, user: str, ca: str) -> dict[str, object]:
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": f"Isthmus {plant.site}",
                "uid": uid(plant, ""),
                "type": "grafana-postgresql-datasource",
                "access": "proxy",
                "url": address,
                "user": user,
                "editable": False,
                "jsonData": {
                    "database": plant.site,
                    "sslmode": "verify-full",
                    "tlsConfigurationMethod": "file-path",
                    "sslRootCertFile": ca,
                    "postgresVersion": 1500,
                    "timescaledb": False,
                    "maxOpenConns": 4,
                    "maxIdleConns": 2,
                    "connMaxLifetime": 3600,
                    "timeInterval": "1s",
                },
                "secureJsonData": {"password": PASSWORD},
            }
        ],
    }


def _provider(plant: Plant, folder: str) -> dict[str, object]:
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": f"isthmus-{plant.site}",
                "folder": f"{plant.enterprise} {plant.site}",
                "type": "file",
                "allowUiUpdates": True,
                "options": {"path": folder},
            }
        ],
    }


def _yaml(document: dict[str, object]) -> str:
    return "# Made by `isthmus grafana dashboards`.\n" + yaml.safe_dump(document, sort_keys=False)
