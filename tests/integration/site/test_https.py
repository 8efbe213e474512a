"""Pages and API over TLS: the plant's certificate, a named one, renewal without a restart."""

from __future__ import annotations

import json
import socket
import ssl
import urllib.error
import urllib.request

import pytest
from cryptography import x509
from tests.integration.site.conftest import Site, eventually

import isthmus
from isthmus.cli.main import main
from isthmus.cli.remote import Remote
from isthmus.model.errors import LinkError
from isthmus.runtime.trust.terms import authority_of
from isthmus.web import tls

pytestmark = [pytest.mark.timeout(120)]


def shown(url, ca=None):
    """The certificate that the pages show; checked against `ca` and the host where given."""
    host, port = url.removeprefix("https://").rsplit(":", 1)
    context = ssl.create_default_context(cafile=ca) if ca else ssl._create_unverified_context()
    with (
        socket.create_connection((host, int(port)), 5) as raw,
        context.wrap_socket(raw, server_hostname=host) as wrapped,
    ):
        assert wrapped.version() == "TLSv1.3"
        return x509.load_der_x509_certificate(wrapped.getpeercert(binary_form=True))


@pytest.fixture
def site(tmp_path):
    made = []

    def start(more):
        made.append(Site(tmp_path, more))
        made[0].start()
        return made[0], (made[0].data / "web" / "url").read_text("utf-8")

    yield start
    for one in made:
        one.close()


def test_the_pages_are_https_with_the_plants_certificate_and_our_tools_know_it(site, capsys):
    running, url = site("web: {tls: {}, hosts: [plant.example]}")
    assert url.startswith("https://127.0.0.1:")
    found = shown(url, str(running.data / "pki" / "ca.crt"))
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "plant.example" in names.get_values_for_type(x509.DNSName)
    assert Remote.of(running.data).get("/api/plant")
    assert main(["query", "**", "--data", str(running.data), "--json"]) == 0
    assert isthmus.connect(running.data).tags()
    context = ssl.create_default_context(cafile=str(running.data / "pki" / "ca.crt"))
    with urllib.request.urlopen(url, context=context) as answer:
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(url)
    with pytest.raises(OSError):
        urllib.request.urlopen(url.replace("https", "http"))
    capsys.readouterr()
    assert main(["cert", "renew", "web", "--data", str(running.data), "--json"]) == 0
    json.loads(capsys.readouterr().out)
    eventually(lambda: shown(url).serial_number != found.serial_number, tls.LOOK + 10)
    assert Remote.of(running.data).get("/api/plant")


def test_our_tools_accept_the_certificate_that_is_shown_and_no_other(site, tmp_path):
    own = authority_of(tmp_path / "company", "acme")
    named = own.server("portal", ["portal.acme.example"])
    running, url = site(f'web: {{tls: {{certificate: "{named.certificate}", key: "{named.key}"}}}}')
    assert shown(url) == x509.load_pem_x509_certificate(named.certificate.read_bytes())
    assert Remote.of(running.data).get("/api/plant")
    other = own.server("other")
    (running.data / tls.SHOWN).write_bytes(other.certificate.read_bytes())
    with pytest.raises(LinkError, match="certificate verify failed"):
        Remote.of(running.data).get("/api/plant")


def test_elsewhere_than_on_the_loopback_it_is_https_unless_written_otherwise():
    from types import SimpleNamespace

    loopback = frozenset({"127.0.0.1"})

    def asked(host, **web):
        return tls.wanted(SimpleNamespace(plant=SimpleNamespace(web=web)), host, loopback)

    assert not asked("127.0.0.1")
    assert asked("127.0.0.1", tls={"certificate": ""})
    assert asked("10.4.0.2")
    assert asked("0.0.0.0")
    assert not asked("10.4.0.2", plain=True)
