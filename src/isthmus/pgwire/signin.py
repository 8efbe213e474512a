"""Signing in: the first packets of a connection until a user has proved who they are."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass

from isthmus.pgwire import message, reply, scram
from isthmus.pgwire.channel import Channel
from isthmus.pgwire.error import BAD_PASSWORD, NOT_ALLOWED, SqlError, broken
from isthmus.pgwire.guess import Guesses
from isthmus.pgwire.message import Cancel, Encrypt, Startup
from isthmus.pgwire.port import Gate

MOST_TURNS = 4  # GSSAPI, TLS and the startup itself


@dataclass(frozen=True, slots=True)
class Door:
    """What signing in needs: TLS, its channel binding, who may enter, and who failed lately."""

    gate: Gate
    tls: ssl.SSLContext | None
    binding: bytes
    guesses: Guesses
    secret: bytes  # makes up salts of unknown users

    async def welcome(self, channel: Channel) -> Startup | Cancel:
        """The first words of a client, after TLS where it asked for it."""
        for _ in range(MOST_TURNS):
            said = await message.read_startup(channel.reader)
            if not isinstance(said, Encrypt):
                return said
            if said.gss or self.tls is None or channel.encrypted:
                channel.writer.write(b"N")
                await channel.flush()
                continue
            channel.writer.write(b"S")
            await channel.flush()
            await channel.encrypt(self.tls)
        raise broken("a client that asks for encryption again and again")

    async def prove(self, channel: Channel, start: Startup) -> str:
        """The name of the user who has proved it."""
        if start.minor or start.unknown:
            channel.say(reply.negotiate(start.unknown))
        user = start.parameters.get("user", "")
        if not user:
            raise SqlError(NOT_ALLOWED, "no user name was given", fatal=True)
        if self.tls is not None and not channel.encrypted and not local(channel.address):
            raise SqlError(
                NOT_ALLOWED,
                "TLS is required from other machines",
                hint="connect with sslmode=require, or better verify-full and sslrootcert",
                fatal=True,
            )
        await asyncio.sleep(self.guesses.pause(channel.address, user))
        known = await asyncio.to_thread(self.gate.verifier, user)
        proof = await self._exchange(channel, known or scram.Verifier.nobody(user, self.secret))
        if known is None or proof is None:
            self.guesses.failed(channel.address, user)
            raise SqlError(
                BAD_PASSWORD,
                f'password authentication failed for user "{user[:64]}"',
                hint="`isthmus sql user list` shows who may enter, `password` sets a new one",
                fatal=True,
            )
        self.guesses.passed(channel.address, user)
        channel.say(reply.sasl_final(proof), reply.AUTHENTICATED)
        return user

    async def _exchange(self, channel: Channel, verifier: scram.Verifier) -> bytes | None:
        binding = self.binding if channel.encrypted else None
        offered = [scram.PLUS, scram.PLAIN] if binding else [scram.PLAIN]
        channel.say(reply.sasl(offered))
        await channel.flush()
        mechanism, first = message.sasl_initial(await self._answer(channel))
        if mechanism not in offered:
            raise broken(f"the mechanism {mechanism[:40]!r} was not offered")
        exchange = scram.Exchange(verifier, mechanism, binding)
        channel.say(reply.sasl_continue(exchange.first(first)))
        await channel.flush()
        return exchange.last(await self._answer(channel))

    async def _answer(self, channel: Channel) -> bytes:
        kind, body = await message.read_message(channel.reader, message.MOST_PASSWORD)
        if kind != "p":
            raise broken("a message other than the answer to our challenge")
        return body


def local(address: str) -> bool:
    """Whether a client is on this machine."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
