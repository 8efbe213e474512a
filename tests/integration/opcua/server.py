"""An OPC UA server of asyncua in a process of its own: `python server.py '{"port": 4840, ...}'`."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from asyncua import Server, ua
from asyncua.crypto.permission_rules import SimpleRoleRuleset, User, UserRole
from asyncua.server.user_managers import PermissiveUserManager

URI = "http://acme/riverside"
SECURE = [
    ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    ua.SecurityPolicyType.Basic256Sha256_Sign,
    ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
    ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
]


class Users:
    def get_user(self, iserver, username=None, password=None, certificate=None):
        if (username, password) == ("operator", "right"):
            return User(role=UserRole.Admin)
        return None


async def variables(server: Server, index: int, many: int) -> dict[str, object]:
    line = await server.nodes.objects.add_object(ua.NodeId("Line", index), "Line")
    kinds = {
        "Speed": (12.5, ua.VariantType.Double),
        "Count": (7, ua.VariantType.Int32),
        "Small": (3, ua.VariantType.Byte),
        "Running": (True, ua.VariantType.Boolean),
        "Batch": ("B-1", ua.VariantType.String),
        "Levels": ([1.0, 2.0, 3.0], ua.VariantType.Double),
        "Ratio": (0.5, ua.VariantType.Float),
    }
    made: dict[str, object] = {}
    for name, (value, kind) in kinds.items():
        variable = await line.add_variable(ua.NodeId(f"Line.{name}", index), name, value, kind)
        await variable.set_writable(name != "Small")
        made[name] = variable
    unit = ua.EUInformation("http://www.opcfoundation.org/UA/units/un/cefact", 0)
    unit.DisplayName = ua.LocalizedText("1/min")
    await made["Speed"].add_property(ua.NodeId("Line.Speed.EU", index), "EngineeringUnits", unit)
    await made["Speed"].write_attribute(
        ua.AttributeIds.Description, ua.DataValue(ua.LocalizedText("bottles a minute"))
    )
    for place in range(many):
        if place % 100 == 0:
            folder = await line.add_folder(ua.NodeId(f"Group{place}", index), f"group {place}")
        name = ua.NodeId(f"Many.{place}", index)
        made[f"Many.{place}"] = await folder.add_variable(name, f"value {place}", float(place))
    return made


def strict(server: Server) -> None:
    """Say what the standard says of a node without history; asyncua says that it has no values."""
    manager = server.iserver.history_manager
    read = manager._read_history

    async def checked(details: object, wanted: ua.HistoryReadValueId) -> ua.HistoryReadResult:
        if wanted.NodeId in manager.storage._datachanges:
            return await read(details, wanted)
        code = ua.StatusCode(ua.StatusCodes.BadHistoryOperationUnsupported)
        return ua.HistoryReadResult(code, None, ua.HistoryData())

    manager._read_history = checked


async def record(server: Server, made: dict, name: str, rows: list) -> None:
    """Put values into the history of a node, with their times in milliseconds and statuses."""
    storage = server.iserver.history_manager.storage
    for at, value, *status in rows:
        when = datetime.fromtimestamp(at / 1000, UTC)
        kept = ua.DataValue(
            ua.Variant(value, ua.VariantType.Double),
            ua.StatusCode(*status),
            SourceTimestamp=when,
            ServerTimestamp=when,
        )
        await storage.save_node_value(made[name].nodeid, kept)


async def alarm(server: Server, index: int, told: dict) -> None:
    """Tell a condition of the line: `{"name": ..., "active": ..., "acked": ..., "retain": ...}`.

    Or that events of conditions were lost: `{"lost": true}`.
    """
    if told.get("lost"):
        lost = await server.get_event_generator(ua.ObjectIds.EventQueueOverflowEventType)
        await lost.trigger()
        return
    maker = await server.get_event_generator(ua.ObjectIds.AlarmConditionType)
    event = maker.event
    event.SourceNode, event.SourceName = ua.NodeId("Line", index), "Line"
    event.NodeId = ua.NodeId(f"Line.{told['name']}", index)
    event.ConditionName, event.Retain, event.Severity = told["name"], told["retain"], 700
    setattr(event, "ActiveState/Id", told["active"])
    setattr(event, "AckedState/Id", told["acked"])
    setattr(event, "EnabledState/Id", told.get("enabled", True))
    event.Quality = ua.StatusCode(told.get("quality", 0))
    await maker.trigger(message=told.get("message", told["name"]))


async def main(given: dict) -> None:
    server = Server(user_manager=Users() if given.get("users") else PermissiveUserManager())
    server.iserver.bind_condition_methods = given.get("refreshes", False)
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{given['port']}/")
    await server.set_application_uri("urn:acme:line")
    if certificate := given.get("certificate"):
        server.set_security_policy(
            SECURE + [ua.SecurityPolicyType.NoSecurity] * bool(given.get("also_none")),
            permission_ruleset=SimpleRoleRuleset(),
        )
        await server.load_certificate(certificate)
        await server.load_private_key(str(Path(certificate).with_suffix(".pem")))
    else:
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace(URI)
    made = await variables(server, index, given.get("many", 0))
    async with server:
        if given.get("strict"):
            strict(server)
        for name in given.get("history", ()):
            await server.historize_node_data_change(made[name], period=None, count=0)
        sys.stdout.write(f"{index}\n")
        sys.stdout.flush()
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            order = json.loads(line)
            for name, (value, kind) in order.items():
                if name == "stop":
                    return
                if name == "record":
                    await record(server, made, value, kind)
                    continue
                if name == "alarm":
                    await alarm(server, index, value)
                    continue
                if name == "add":
                    parent = server.get_node(ua.NodeId("Line", index))
                    await parent.add_variable(ua.NodeId(f"Line.{value}", index), value, 1.0)
                    continue
                variant = ua.Variant(
                    float(value) if kind == "Double" else value, ua.VariantType[kind]
                )
                now = datetime.now(UTC)
                stamped = ua.DataValue(variant, SourceTimestamp=now, ServerTimestamp=now)
                await made[name].write_value(stamped)
            sys.stdout.write("done\n")
            sys.stdout.flush()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(main(json.loads(sys.argv[1])))
