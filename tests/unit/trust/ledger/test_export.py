"""Records in the forms of other systems, and on their way to a real collector."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.model.errors import ConfigError, LinkError
from isthmus.trust.ledger.export import FORMATS, Sender
from isthmus.trust.ledger.line import Entry
from isthmus.trust.ledger.send import send
from isthmus.trust.pki.authority import PlantAuthority

SENDER = Sender("site1", "acme/riverside")
RFC5424 = re.compile(
    r"<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) "
    r'\[isthmus@32473((?: [a-z]+="(?:[^"\\\]]|\\["\\\]])*")+)\] (.*)'
)
CEF = re.compile(r"CEF:0((?:\|(?:[^|\\]|\\[|\\])*){6})\|(.*)")


def entry(text="wrote 5", by="person:anna", about="packaging/line1", **facts):
    return Entry(7, 1_795_000_000 * 10**9, "action", by, text, about, facts, None, b"", bytes(32))


@given(st.text(max_size=100), st.text(max_size=100), st.text(max_size=100))
@pytest.mark.parametrize("form", FORMATS)
def test_a_record_stays_one_line_whatever_it_says(form, text, by, about):
    line = FORMATS[form](entry(text, by, about, why=text), SENDER)
    assert line.isascii()
    assert line.isprintable()
    if form == "json":
        assert json.loads(line)["text"] == text
    else:
        assert (RFC5424 if form == "syslog" else CEF).fullmatch(line), line


def test_hostile_text_stays_in_its_field():
    evil = 'x"] <14>1 - - - - - forged\nCEF:0|a|b|c|d|e|9|suser=root suser=root'
    line = FORMATS["syslog"](entry(by=evil), SENDER)
    assert line.count("\n") == 0
    assert '\\"\\]' in line
    cef = FORMATS["cef"](entry(evil, evil), SENDER)
    assert cef.count("|", 0, cef.index("rt=")) - cef.count("\\|", 0, cef.index("rt=")) == 7
    assert " suser\\=root" in cef


def test_a_refusal_is_more_severe():
    assert FORMATS["syslog"](entry(allowed=False), SENDER).startswith("<108>1 2026-11-18T")
    assert FORMATS["syslog"](entry(allowed=True), SENDER).startswith("<109>1 ")
    assert "|action|wrote 5|6|" in FORMATS["cef"](entry(allowed=False), SENDER)


class Collector(threading.Thread):
    """A syslog collector on the loopback that counts octets (RFC 6587)."""

    def __init__(self, context=None):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.context, self.got = self.socket.getsockname()[1], context, b""
        self.start()

    def run(self):
        taken, _ = self.socket.accept()
        try:
            if self.context:
                taken = self.context.wrap_socket(taken, server_side=True)
            while part := taken.recv(65_536):
                self.got += part
        except OSError:
            pass
        taken.close()

    def messages(self):
        self.join(10)
        self.socket.close()
        rest, found = self.got, []
        while rest:
            size, _, rest = rest.partition(b" ")
            found.append(rest[: int(size)].decode())
            rest = rest[int(size) :]
        return found


def test_tcp_takes_them_all():
    collector = Collector()
    lines = [FORMATS["syslog"](entry(f"wrote {n}"), SENDER) for n in range(500)]
    assert send(lines, f"tcp://127.0.0.1:{collector.port}") == 500
    assert collector.messages() == lines


def test_tls_takes_them_from_a_collector_of_a_known_authority(tmp_path):
    authority = PlantAuthority.open(tmp_path, "acme riverside", time.time_ns)
    identity = authority.server("siem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    collector = Collector(context)
    assert send(["one", "two"], f"tls://localhost:{collector.port}", ca=authority.ca) == 2
    assert collector.messages() == ["one", "two"]
    stranger = Collector(context)
    with pytest.raises(LinkError, match="certificate verify failed"):
        send(["secret"], f"tls://localhost:{stranger.port}")
    assert stranger.messages() == []


def test_udp_sends_a_datagram_each():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as collector:
        collector.bind(("127.0.0.1", 0))
        collector.settimeout(5)
        assert send(["one", "two"], f"udp://127.0.0.1:{collector.getsockname()[1]}") == 2
        assert [collector.recv(2_000) for _ in range(2)] == [b"one", b"two"]


@pytest.mark.parametrize("to", ["siem", "http://siem", "tcp://:5", "tcp://a:b", "tls://a:70000"])
def test_what_is_no_collector_is_told(to):
    with pytest.raises(ConfigError, match="no collector"):
        send([], to)
