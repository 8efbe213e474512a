"""Node-RED, headless, with the flow that brings the machines' values to MQTT.

`peers/node-red/flow.json` is the flow: one subscription of all 500 variables, one read for each
100 registers, a function that makes JSON of each, one MQTT node. It can be imported into any
Node-RED; the addresses come from its environment.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from isthmus.model.errors import LinkError

HERE = Path(__file__).parent / "peers" / "node-red"


def missing() -> str:
    """Why Node-RED cannot run here, empty where it can."""
    if shutil.which("node") is None:
        return "there is no `node`"
    if not (HERE / "node_modules" / "node-red").is_dir():
        return "it is not installed: `make peers`"
    return ""


def version() -> str:
    """The versions of Node-RED and of its nodes for OPC UA and Modbus."""
    found = []
    for name in ("node-red", "node-red-contrib-opcua", "node-red-contrib-modbus"):
        described = json.loads((HERE / "node_modules" / name / "package.json").read_text("utf-8"))
        found.append(f"{name} {described['version']}")
    return ", ".join(found)


@contextlib.contextmanager
def node_red(folder: Path, *, opcua: int, modbus: int, broker: int) -> Iterator[int]:
    """Node-RED between these ports, its files in `folder`; its process id.

    Raises LinkError where it cannot run.
    """
    if why := missing():
        raise LinkError(f"starting Node-RED: {why}")
    for name in ("flow.json", "settings.js", "package.json"):
        shutil.copy(HERE / name, folder / name)
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    program = HERE / "node_modules" / "node-red" / "red.js"
    environment = {
        **os.environ,
        "HOME": str(folder),  # its certificates stay in the folder, too
        "XDG_CONFIG_HOME": str(folder),
        "OPCUA_URL": f"opc.tcp://127.0.0.1:{opcua}",
        "MODBUS_PORT": str(modbus),
        "BROKER_PORT": str(broker),
    }
    command = ["node", str(program), "--userDir", str(folder), "-s", str(folder / "settings.js")]
    with (
        (folder / "node-red.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder) as process,
    ):
        try:
            yield process.pid
        finally:
            process.kill()
