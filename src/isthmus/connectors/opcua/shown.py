"""The certificates that a server shows to everybody who asks for its endpoints."""

from __future__ import annotations

from asyncua import Client

from isthmus.connectors.opcua.trust import first_of


async def shown(url: str, timeout: float) -> list[bytes]:  # noqa: ASYNC109 - of the library
    """DER of each application certificate that the endpoints tell, each once."""
    client = Client(url, timeout=timeout)
    found = await client.connect_and_get_server_endpoints()
    chains = [bytes(one.ServerCertificate) for one in found if one.ServerCertificate]
    return list(dict.fromkeys(first_of(chain) for chain in chains))
