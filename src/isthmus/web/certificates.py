"""Certificates of the plant: seen, judged, renewed, taken back."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from isthmus.model.access import OWNER
from isthmus.runtime.app import App
from isthmus.runtime.collect.link import Link
from isthmus.runtime.trust.certificates import Certificates
from isthmus.runtime.trust.pending import Waiting
from isthmus.runtime.trust.seen import Seen
from isthmus.trust.pki.register import Issued
from isthmus.web import contract

Days = Annotated[float, Query(gt=0, le=7_300, description="How far to look ahead.")]


def routes(app: App) -> APIRouter:
    """The routes of certificates."""
    router = APIRouter(prefix="/api/certificates", tags=["certificates"])

    def papers() -> Certificates:
        return app.trust.certificates

    @router.get("", summary="What the plant's authority issued, and its state")
    async def issued() -> list[contract.IssuedCertificate]:
        found = await asyncio.to_thread(papers().issued)
        return [_issued(one, papers().breaks(one.name)) for one in found]

    @router.get("/inventory", summary="Every certificate seen in the plant")
    async def inventory() -> list[contract.SeenCertificate]:
        return [_seen(one) for one in await asyncio.to_thread(papers().inventory)]

    @router.get("/forecast", summary="What ends when, and what that breaks")
    async def forecast(days: Days = 400) -> list[contract.SeenCertificate]:
        return [_seen(one) for one in await asyncio.to_thread(papers().forecast, days)]

    @router.get("/pending", summary="Certificates of devices that wait for a person")
    async def pending() -> list[contract.WaitingCertificate]:
        found = await asyncio.to_thread(papers().devices.waiting)
        return [_waiting(app, one) for one in found]

    @router.get("/findings", summary="Ways that nothing protects: what, where, what to do")
    async def findings() -> list[contract.Hop]:
        return [
            contract.Hop(
                what=one.what, where=one.where, found=one.found, do=one.do, weight=one.weight
            )
            for one in papers().hops()
        ]

    @router.get(
        "/crl",
        summary="What is revoked, as a list of RFC 5280 (DER)",
        response_class=Response,
        responses={200: {"content": {"application/pkix-crl": {}}}},
    )
    async def crl() -> Response:
        body = await asyncio.to_thread(papers().authority.published)
        return Response(body, media_type="application/pkix-crl")

    @router.get(
        "/authority",
        summary="The authority's certificate (PEM), for those who shall trust it",
        response_class=Response,
        responses={200: {"content": {"application/x-pem-file": {}}}},
    )
    async def authority() -> Response:
        body = await asyncio.to_thread(papers().authority.ca.read_bytes)
        return Response(body, media_type="application/x-pem-file")

    _acts(app, router)
    return router


def _acts(app: App, router: APIRouter) -> None:

    def papers() -> Certificates:
        return app.trust.certificates

    @router.post("/approve", summary="Trust a device's certificate, compared by its SHA-256")
    async def approve(asked: contract.Judge, request: Request) -> contract.WaitingCertificate:
        found = await asyncio.to_thread(papers().approve, asked.sha256, _by(request), asked.link)
        return _judged(app, found)

    @router.post("/refuse", summary="Refuse a device's certificate for good")
    async def refuse(asked: contract.Judge, request: Request) -> contract.WaitingCertificate:
        found = await asyncio.to_thread(papers().refuse, asked.sha256, _by(request), asked.link)
        return _judged(app, found)

    @router.post("/revoke", summary="Take back all that was issued for a name")
    async def revoke(asked: contract.Revoke, request: Request) -> list[contract.IssuedCertificate]:
        taken = await asyncio.to_thread(papers().revoke, asked.name, asked.reason, _by(request))
        hit = {one.serial for one in taken}
        if app.local is not None:
            await app.local.keep_out()
        return [
            _issued(one, papers().breaks(one.name))
            for one in papers().issued()
            if one.serial in hit
        ]

    @router.post("/issue", summary="Sign the request of somebody who keeps his key")
    async def issue(asked: contract.Sign, request: Request) -> contract.Signed:
        def sign() -> bytes:
            told = asked.request.encode()
            return papers().sign(asked.name, told, _by(request), use=asked.use, hosts=asked.hosts)

        return contract.Signed(chain=(await asyncio.to_thread(sign)).decode("ascii"))

    @router.post("/renew", summary="Issue a new certificate for a part of the site at once")
    async def renew(asked: contract.Renew, request: Request) -> contract.IssuedCertificate:
        await asyncio.to_thread(papers().renew, asked.name, _by(request))
        if app.local is not None:
            await app.local.renew()
        made = [one for one in papers().issued() if one.name == asked.name][-1]
        return _issued(made, papers().breaks(made.name))


def _by(request: Request) -> str:
    """Who asks, for the record."""
    found = getattr(request.state, "principal", None)
    return str(found.id) if found is not None else OWNER


def _judged(app: App, one: Waiting) -> contract.WaitingCertificate:
    link = app.links.get(one.link)
    if isinstance(link, Link):
        link.retry()
    return _waiting(app, one)


def _ms(moment: datetime) -> float:
    return moment.timestamp() * 1e3


def _issued(one: Issued, breaks: str) -> contract.IssuedCertificate:
    return contract.IssuedCertificate(
        serial=one.serial,
        name=one.name,
        use=one.use,
        sha256=one.sha256,
        begins=_ms(one.begins),
        ends=_ms(one.ends),
        due=_ms(one.due),
        hosts=list(one.hosts),
        state=one.state,
        reason=one.reason,
        revoked=_ms(one.revoked) if one.revoked else None,
        breaks=breaks if one.state == "good" else "",
    )


def _seen(one: Seen) -> contract.SeenCertificate:
    return contract.SeenCertificate(
        place=one.place,
        name=one.name,
        issuer=one.issuer,
        use=one.use,
        sha256=one.sha256,
        serial=one.serial,
        begins=_ms(one.begins),
        ends=_ms(one.ends),
        standing=one.standing,
        names=list(one.names),
        breaks=one.breaks,
        renews=one.renews,
        do=one.do,
        link=one.link,
        weak=list(one.weak),
        where=one.where,
        first=_ms(one.first) if one.first else None,
        last=_ms(one.last) if one.last else None,
    )


def _waiting(app: App, one: Waiting) -> contract.WaitingCertificate:
    link = app.links.get(one.link)
    return contract.WaitingCertificate(
        link=one.link,
        endpoint=link.config.endpoint if link else "",
        sha256=one.sha256,
        subject=one.certificate.subject.rfc4514_string(),
        issuer=one.certificate.issuer.rfc4514_string(),
        begins=_ms(one.certificate.not_valid_before_utc),
        ends=_ms(one.certificate.not_valid_after_utc),
        since=_ms(one.since),
    )
