"""What a hostile client sends: foreign pages, paths, names, sizes, slow requests, lines."""

from __future__ import annotations

import json
import socket
import time

import pytest

TRAVERSALS = [
    "/assets/../../../../etc/passwd",
    "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/..%5c..%5cetc%5cpasswd",
    "/%252e%252e/%252e%252e/etc/passwd",
    "//etc/passwd",
    "/assets/%00/etc/passwd",
    "/api/exports/..%2f..%2fplant.yaml",
    "/api/../trust/accounts.json",
]
HOSTS = ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "a" * 300, "[::1"]
INJECTIONS = [
    "' or 1=1 --",
    "x'; drop table samples; --",
    "\"; attach '/etc/passwd' as p; --",
    "packaging/line1/filler/speed' union select 1 --",
    "\x00",
    "%s%n{0}${jndi:ldap://x}",
    "a\r\nSet-Cookie: x=1",
]
BIG = 2 << 20


def raw(site, request: bytes, seconds=10.0) -> bytes:
    """The whole answer to bytes as they are."""
    with socket.create_connection(("127.0.0.1", site.port), seconds) as wire:
        wire.sendall(request)
        wire.settimeout(seconds)
        told = b""
        while part := _part(wire):
            told += part
        return told


def _part(wire):
    try:
        return wire.recv(65_536)
    except ConnectionResetError:
        return b""


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def get(site, target, **headers) -> bytes:
    lines = [f"GET {target} HTTP/1.1", f"Host: 127.0.0.1:{site.port}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {text}" for name, text in headers.items()]
    return raw(site, ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))


class TestForeignPages:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://127.0.0.1:1"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
        ],
    )
    def test_write_nothing_in_the_name_of_who_is_signed_in(self, site, headers):
        answer = site.client.post("/api/policy/apply", headers=headers)
        assert answer.status_code == 403
        assert "is not allowed" in answer.json()["error"]

    def test_cannot_frame_us_or_run_their_scripts(self, site):
        for path in ("/", "/api/plant", "/nothing", "/api/nothing"):
            policy = site.client.get(path).headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy
            assert "default-src 'self'" in policy

    @pytest.mark.parametrize("host", HOSTS)
    def test_that_name_us_otherwise_are_refused(self, site, host):
        request = f"GET /api/plant HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
        request += f"Authorization: Bearer {site.token}\r\n\r\n"
        assert status(raw(site, request.encode())) in (400, 421)


class TestPaths:
    @pytest.mark.parametrize("target", TRAVERSALS)
    def test_lead_to_no_file_of_the_machine(self, site, target):
        answer = get(site, target, Authorization=f"Bearer {site.token}")
        assert b"root:" not in answer
        assert b"enterprise: acme" not in answer
        assert status(answer) < 500

    @pytest.mark.parametrize("text", INJECTIONS)
    @pytest.mark.parametrize("where", ["tags", "path", "q"])
    def test_and_words_are_words(self, site, text, where):
        for route in ("/api/last", "/api/query", "/api/states", "/api/sql", "/api/events"):
            answer = site.client.get(route, params={where: text, "from": 0, "to": 1000})
            assert answer.status_code < 500, (route, answer.text)
            assert "set-cookie" not in answer.headers


class TestSizes:
    def test_a_body_that_says_it_is_large_is_not_read(self, site):
        request = f"POST /api/policy/diff HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n"
        request += f"Authorization: Bearer {site.token}\r\nContent-Type: application/json\r\n"
        request += f"Content-Length: {10 << 30}\r\nConnection: close\r\n\r\n"
        assert status(raw(site, request.encode())) == 413

    def test_nor_one_that_does_not_say(self, site):
        answer = site.client.post("/api/policy/diff", content=iter([b"x" * 1_000] * 3))
        assert answer.status_code == 411

    def test_a_large_body_of_a_known_caller_is_refused_and_of_a_stranger_too(self, site):
        assert site.client.post("/api/locks", content=b"x" * BIG).status_code == 413
        answer = site.client.post("/api/sign-in/password", content=b"x" * BIG)
        assert answer.status_code == 413

    def test_endless_addresses_and_headers_are_refused(self, site):
        size = 1_000_000
        for answer in (get(site, "/api/last?tags=" + "a" * size), get(site, "/", X="a" * size)):
            assert not answer or 400 <= status(answer) < 500

    def test_deep_json_is_no_crash(self, site):
        deep = b"[" * 100_000 + b"]" * 100_000
        answer = site.client.post(
            "/api/policy/diff", content=deep, headers={"Content-Type": "application/json"}
        )
        assert 400 <= answer.status_code < 500


def test_many_that_never_finish_asking_keep_nobody_else_waiting(site):
    slow = [socket.create_connection(("127.0.0.1", site.port), 5) for _ in range(100)]
    try:
        for wire in slow:
            wire.sendall(b"GET /api/plant HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")
        began = time.monotonic()
        assert site.client.get("/api/plant").status_code == 200
        assert time.monotonic() - began < 5
    finally:
        for wire in slow:
            wire.close()


def test_lines_in_what_is_told_forge_no_record(site):
    forged = 'oil\n{"by":"owner","kind":"policy"}\r\n2026-11-27 INFO all is well\x1b[2J'
    told = site.client.post("/api/locks", json={"path": "packaging/line1", "reason": forged})
    assert told.status_code == 200
    try:
        kept = site.client.get("/api/ledger", params={"kind": "lock", "limit": 1}).json()
        assert kept["records"][0]["by"] == "owner"
        export = site.client.get("/api/ledger/export", params={"kind": "lock", "format": "cef"})
        assert all(line.startswith("CEF:0|") for line in export.text.splitlines() if line)
        lines = site.client.get("/api/ledger/export", params={"kind": "lock"}).text.splitlines()
        assert {json.loads(line)["kind"] for line in lines} == {"lock"}
        assert site.client.get("/api/ledger/verify").json()["sound"] is True
    finally:
        freed = site.client.post("/api/locks/free", json={"path": "packaging/line1"})
        assert freed.status_code == 200
