"""One authenticated connection to a server: channel, session, limits, namespaces."""

from __future__ import annotations

import asyncio
import inspect
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import unquote, urlsplit

from asyncua import Client, ua
from asyncua.common.node import Node as AsyncuaNode
from asyncua.common.utils import Buffer
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import CertProperties
from asyncua.ua.ua_binary import struct_from_binary
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from isthmus.connectors.opcua.identity import identity
from isthmus.connectors.opcua.setting import NODE, OpcUa, Policy, Security
from isthmus.connectors.opcua.status import failed, meaning
from isthmus.connectors.opcua.trust import Trust
from isthmus.model.errors import AuthError, LinkError, ProtocolError

T = TypeVar("T")

LONGEST_MESSAGE = 64 * 2**20
CHUNK = 1_000
"""Nodes in one request where the server names no limit."""

POLICY = {
    Policy.BASIC256SHA256: security_policies.SecurityPolicyBasic256Sha256,
    Policy.AES128_SHA256_RSAOAEP: security_policies.SecurityPolicyAes128Sha256RsaOaep,
    Policy.AES256_SHA256_RSAPSS: security_policies.SecurityPolicyAes256Sha256RsaPss,
}
MODE = {
    Security.SIGN: ua.MessageSecurityMode.Sign,
    Security.SIGN_AND_ENCRYPT: ua.MessageSecurityMode.SignAndEncrypt,
    Security.NONE: ua.MessageSecurityMode.None_,
}
FORM = {
    "i": ua.NodeIdType.Numeric,
    "s": ua.NodeIdType.String,
    "g": ua.NodeIdType.Guid,
    "b": ua.NodeIdType.ByteString,
}


def hooks_fit(session: object) -> bool:
    """Whether this asyncua has the private parts that let us see the bytes of an answer.

    They are `session._send_request(request, timeout)`, a coroutine that returns a `Buffer` with
    `_data` and `_cur_pos`. Where they differ, links fall back to asyncua's public services.
    """
    send = getattr(session, "_send_request", None)
    if not inspect.iscoroutinefunction(send):
        return False
    if list(inspect.signature(send).parameters)[:2] != ["request", "timeout"]:
        return False
    probe = Buffer(b"\x00\x01", 1)
    return getattr(probe, "_data", None) == b"\x00\x01" and getattr(probe, "_cur_pos", None) == 1


@dataclass(frozen=True, slots=True)
class Limits:
    """How many nodes a server takes in one request (Part 5, 6.3.11: OperationLimits)."""

    read: int = CHUNK
    browse: int = CHUNK
    monitor: int = CHUNK


class _Client(Client):  # type: ignore[misc] # asyncua is not typed throughout
    """asyncua's client, that looks before it says the password."""

    def __init__(self, setting: OpcUa) -> None:
        super().__init__(
            setting.url, timeout=setting.timeout, watchdog_intervall=max(5.0, setting.timeout)
        )
        self.refuse_clear = setting.clear_password == "refuse"  # noqa: S105 - no password

    async def activate_session(
        self,
        username: str | None = None,
        password: str | None = None,
        certificate: x509.Certificate | None = None,
    ) -> ua.ActivateSessionResult:
        """The activated session; AuthError rather than a password that all could read."""
        if password and self.refuse_clear:
            uri = self.server_policy(ua.UserTokenType.UserName).SecurityPolicyUri
            encrypted = self.security_policy.Mode == ua.MessageSecurityMode.SignAndEncrypt
            if not encrypted and (not uri or uri.endswith("#None")):
                raise AuthError(
                    f"signing in at {self.server_url.geturl()}: the password would travel"
                    " unencrypted",
                    hint="use `security: sign-and-encrypt`, or accept the risk with"
                    " `clear_password: allow`",
                )
        return await super().activate_session(username, password, certificate)


class Session:
    """An open session of one connection; `LinkError` from anything once it is lost."""

    def __init__(self, setting: OpcUa, state: Path, user: str | None, password: str | None) -> None:
        self.setting = setting
        self.limits = Limits()
        self.namespaces: list[str] = []
        self.raw = False
        self._pki = (state / "pki").resolve()
        self._user = user
        self._password = password
        self._client: _Client | None = None
        _quieten()

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.setting.url

    @property
    def services(self) -> Any:  # noqa: ANN401 - asyncua's session, of any version
        """asyncua's services of the open session; LinkError where it is closed."""
        if self._client is None:
            raise LinkError(f"talking to {self.url}: the link is closed")
        return self._client.uaclient.session

    async def open(self) -> None:
        """Connect, check the server's certificate, sign in, learn limits and namespaces."""
        if self._client is not None:
            return
        client = _Client(self.setting)
        client.max_messagesize = LONGEST_MESSAGE
        client.name = client.description = f"Isthmus {self.setting.name}"
        self._client = client
        try:
            with meaning(f"opening {self.url}"):
                await self._connect(client)
                self.raw = hooks_fit(client.uaclient.session)
                await self._learn()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the session and the socket, waiting for the server no longer than `timeout`."""
        client, self._client = self._client, None
        if client is None:
            return
        with suppress(Exception):
            async with asyncio.timeout(self.setting.timeout):
                await client.disconnect()
        with suppress(Exception):
            client.disconnect_socket()

    async def _connect(self, client: _Client) -> None:
        secured = self.setting.security is not Security.NONE
        own = await asyncio.to_thread(identity, self._pki, name=self.setting.name)
        client.application_uri = own.uri
        client.certificate_validator = self._check
        if self._user is not None:
            client.set_user(self._user)
            client.set_password(self._password or "")
        if secured:
            endpoint = await self._endpoint(client)
            server = await self._check_chain(endpoint.ServerCertificate, endpoint.Server)
            await client.set_security(
                POLICY[self.setting.policy],
                certificate=str(own.certificate),
                private_key=str(own.key),
                server_certificate=CertProperties(server.public_bytes(Encoding.DER), "der"),
                mode=MODE[self.setting.security],
            )
        await client.connect()
        _limit(client)

    async def _endpoint(self, client: _Client) -> ua.EndpointDescription:
        offered = await client.connect_and_get_server_endpoints()
        wanted, policy = MODE[self.setting.security], POLICY[self.setting.policy].URI
        for endpoint in offered:
            if endpoint.SecurityMode == wanted and endpoint.SecurityPolicyUri == policy:
                return endpoint
        known = sorted(
            f"{one.SecurityMode.name.strip('_')} {str(one.SecurityPolicyUri).partition('#')[2]}"
            for one in offered
        )
        raise AuthError(
            f"opening {self.url}: it offers no {self.setting.security} with {self.setting.policy},"
            f" only {', '.join(dict.fromkeys(known)) or 'nothing'}",
            hint="choose a `security` and `policy` that the server offers",
        )

    async def _check(
        self, certificate: x509.Certificate, server: ua.ApplicationDescription
    ) -> None:
        """The certificate in the session's own answer, which the channel protects."""
        if self.setting.security is Security.NONE and not self._password:
            return  # nothing is encrypted for it
        await self._check_chain(certificate.public_bytes(Encoding.DER), server)

    async def _check_chain(
        self, chain: bytes | None, server: ua.ApplicationDescription
    ) -> x509.Certificate:
        host = urlsplit(self.url).hostname or ""
        trust = Trust(self._pki, self.setting.server_certificate)
        return await asyncio.to_thread(
            trust.check, chain or b"", host=host, uri=server.ApplicationUri or ""
        )

    async def _learn(self) -> None:
        """The namespaces, and the limits, which many servers do not tell or tell as 0."""
        ids = ua.ObjectIds
        nodes = [
            ids.Server_NamespaceArray,
            ids.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
            ids.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse,
            ids.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
        ]
        found = await self.read([ua.NodeId(node) for node in nodes])
        values = [one.Value.Value if one.Value is not None else None for one in found]
        self.namespaces = [str(uri) for uri in values[0] or []]
        self.limits = Limits(*(min(int(value or CHUNK), CHUNK) for value in values[1:]))

    async def read(
        self, nodes: list[ua.NodeId], attribute: ua.AttributeIds = ua.AttributeIds.Value
    ) -> list[ua.DataValue]:
        """One attribute of a few nodes, decoded by asyncua, in as many requests as it takes."""
        found: list[ua.DataValue] = []
        for start in range(0, len(nodes), self.limits.read):
            parameters = ua.ReadParameters(TimestampsToReturn=ua.TimestampsToReturn.Neither)
            chunk = nodes[start : start + self.limits.read]
            parameters.NodesToRead = [ua.ReadValueId(node, attribute) for node in chunk]
            answer = await self.services.read(parameters)
            if len(answer) != len(chunk):
                raise ProtocolError(
                    f"reading {len(chunk)} nodes of {self.url}: {len(answer)} answers"
                )
            found.extend(answer)
        return found

    async def ask(self, request: object, *, within: float | None = None) -> tuple[bytes, int]:
        """The bytes of the answer, and where its type id starts; 0 s waits without end."""
        answer = await self.services._send_request(request, within)  # noqa: SLF001 - hooks_fit
        return cast("bytes", answer._data), int(answer._cur_pos)  # noqa: SLF001 - hooks_fit

    def decoded(self, kind: type[T], data: bytes, at: int) -> T:
        """An answer that `ask` gave, decoded by asyncua; its bad status as an error."""
        answer: Any = struct_from_binary(kind, Buffer(data, at))
        answer.ResponseHeader.ServiceResult.check()
        return cast("T", answer)

    def at(self, node: ua.NodeId) -> Any:  # noqa: ANN401 - asyncua's Node
        """asyncua's view of one node of the open session."""
        return AsyncuaNode(self.services, node)

    def node(self, written: str) -> ua.NodeId:
        """The node id that an address writes, its namespace URI resolved; else ProtocolError."""
        found = NODE.fullmatch(written)
        if found is None:
            raise failed(ua.StatusCodes.BadNodeIdInvalid, f"resolving {written}")
        number = int(found["ns"] or 0)
        if found["uri"] is not None:
            uri = unquote(found["uri"])
            if uri not in self.namespaces:
                raise ProtocolError(
                    f"resolving {written}: {self.url} has no namespace {uri}",
                    hint=f"it has {', '.join(self.namespaces)}",
                )
            number = self.namespaces.index(uri)
        if found["kind"] == "i":
            return ua.NodeId(int(found["id"]), number)
        if found["kind"] == "s":
            return ua.NodeId(found["id"], number, FORM["s"])
        with meaning(f"resolving {written}"):
            return ua.NodeId.from_string(f"ns={number};{found['kind']}={found['id']}")


def _limit(client: Client) -> None:
    """Hold the server to `LONGEST_MESSAGE`; asyncua would take whatever limit the server names."""
    connection = getattr(client.uaclient.protocol, "_connection", None)
    limits = getattr(connection, "_limits", None)
    if limits is not None:
        limits.max_message_size = min(limits.max_message_size or LONGEST_MESSAGE, LONGEST_MESSAGE)


def _quieten() -> None:
    """asyncua's log says again what we raise; a level that somebody has set stays."""
    log = logging.getLogger("asyncua")
    if log.level == logging.NOTSET:
        log.setLevel(logging.CRITICAL + 1)
