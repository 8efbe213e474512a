"""A stock OPC UA client at the filler's and the palletiser's PLC."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from asyncua import Client, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from cryptography.x509.oid import ExtendedKeyUsageOID


@asynccontextmanager
async def client(demo, machine: str, folder: Path) -> AsyncIterator[Client]:
    one = Client(f"opc.tcp://127.0.0.1:{demo.ports[machine]}")
    one.application_uri = "urn:demo:test"
    await setup_self_signed_certificate(
        folder / "k.pem", folder / "c.der", one.application_uri, "localhost",
        [ExtendedKeyUsageOID.CLIENT_AUTH], {},
    )  # fmt: skip
    await one.set_security(
        SecurityPolicyBasic256Sha256,
        folder / "c.der",
        folder / "k.pem",
        server_certificate=demo.folder / "pki" / f"{machine}.pem",
    )
    async with one:
        yield one


def test_values_come_with_the_plants_time_units_and_ranges(demo, tmp_path: Path):
    async def check() -> None:
        async with client(demo, "filler", tmp_path) as one:
            speed = one.get_node("ns=2;s=Filler.Speed")
            value = await speed.read_data_value()
            assert 0 <= value.Value.Value < 130
            stamp = value.SourceTimestamp.timestamp()
            assert abs(stamp - demo.plant_time(time.time())) < 120
            span = await (await speed.get_child("0:EURange")).read_value()
            assert (span.Low, span.High) == (0, 200)
            unit = await (await speed.get_child("0:EngineeringUnits")).read_value()
            assert (unit.DisplayName.Text, unit.UnitId) == ("1/min", 0x433934)
            product = await one.get_node("ns=2;s=Recipe.Name").read_value()
            assert product == "still 0.5 L"
            folder = await one.nodes.objects.get_child("2:Filler")
            names = {(await child.read_browse_name()).Name for child in await folder.get_children()}
            assert {"Speed", "State", "GoodCount", "FillVolume", "Order", "Recipe.Name"} <= names

    asyncio.run(check())


def test_a_subscription_sees_the_plant_move(demo, tmp_path: Path):
    class Heard:
        def __init__(self) -> None:
            self.values: list[float] = []

        def datachange_notification(self, _node, value, _data):
            self.values.append(value)

    async def check() -> list[float]:
        heard = Heard()
        async with client(demo, "palletiser", tmp_path) as one:
            subscription = await one.create_subscription(100, heard)
            await subscription.subscribe_data_change(one.get_node("ns=2;s=Palletiser.DrivePower"))
            for _ in range(100):
                if len(heard.values) > 5:
                    break
                await asyncio.sleep(0.1)
            await subscription.delete()
        return heard.values

    values = asyncio.run(check())
    assert len(values) > 5
    assert len(set(values)) > 2


def test_nothing_is_to_be_had_without_encryption_or_by_writing(demo, tmp_path: Path):
    async def plain() -> None:
        async with Client(f"opc.tcp://127.0.0.1:{demo.ports['filler']}", timeout=4) as one:
            await one.get_node("ns=2;s=Filler.Speed").read_value()

    async def write() -> None:
        async with client(demo, "filler", tmp_path) as one:
            await one.get_node("ns=2;s=Filler.Speed").write_value(1.0)

    with pytest.raises((ua.UaError, ConnectionError, TimeoutError, asyncio.TimeoutError)):
        asyncio.run(plain())
    with pytest.raises(ua.UaError):
        asyncio.run(write())


def test_a_client_sets_the_speed_of_the_line_and_no_other_value(demo, tmp_path: Path):
    async def check() -> None:
        async with client(demo, "filler", tmp_path) as one:
            setpoint = one.get_node("ns=2;s=Filler.Setpoint")
            await setpoint.write_value(ua.DataValue(ua.Variant(200.0, ua.VariantType.Double)))
            for _ in range(50):
                if await setpoint.read_value() == 140:
                    break
                await asyncio.sleep(0.1)
            assert await setpoint.read_value() == 140, "the drive takes no more"
            with pytest.raises(ua.uaerrors.BadUserAccessDenied):
                await one.get_node("ns=2;s=Filler.Speed").write_value(100.0)

    asyncio.run(check())
