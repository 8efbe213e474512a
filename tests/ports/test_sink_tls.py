"""ClickHouse behind TLS: who is not known is not spoken to."""

from __future__ import annotations

import time

import numpy as np
import pytest
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.tls import TlsFront

from isthmus.egress.clickhouse.config import ClickHouse
from isthmus.model.errors import LinkError
from isthmus.model.sample import Batch, TagId
from isthmus.model.sink import Parcel
from isthmus.model.tag import Tag
from isthmus.trust.pki.authority import PlantAuthority

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def server():
    made = ClickHouseServer.make()
    if made is None:
        pytest.skip("ClickHouse is not installed: apt-get install clickhouse-server")
    yield made
    made.remove()


@pytest.fixture
def authority(tmp_path):
    return PlantAuthority.open(tmp_path / "ca", "acme riverside", time.time_ns)


@pytest.fixture
def sink_of(monkeypatch, server):
    monkeypatch.setenv("CLICKHOUSE", server.password)

    def made(host, port, ca=""):
        return ClickHouse(
            name="lake",
            url=f"https://{host}:{port}",
            user=server.user,
            password={"env": "CLICKHOUSE"},
            ca=str(ca),
            timeout=5,
        ).build("acme/riverside")

    return made


def test_samples_arrive_over_tls_where_the_authority_is_known(server, authority, sink_of):
    with TlsFront(authority.server("warehouse"), server.port) as front:
        sink = sink_of("127.0.0.1", front.port, authority.ca)
        assert "site" not in sink.open()
        one = Batch.of([TagId(1)], np.array([1_800_000_000 * 10**9]), [2.5])
        written = np.array([1_800_000_000 * 10**9])
        sink.write(Parcel("site", 7, one, written, (), {TagId(1): Tag("line/speed")}))
        sink.close()
        assert front.passed > 0
        assert server.sql("select value from samples final") == "2.5"
        assert dict(sink.open()) == {"site": 7}
        sink.close()


def test_an_unknown_authority_is_refused_before_a_word_is_said(server, authority, sink_of):
    with TlsFront(authority.server("warehouse"), server.port) as front:
        with pytest.raises(LinkError, match="certificate is not trusted") as refused:
            sink_of("127.0.0.1", front.port).open()
        assert "`ca`" in refused.value.hint
        assert front.passed == 0


def test_a_certificate_of_another_host_is_refused(server, authority, sink_of, monkeypatch):
    monkeypatch.setattr(
        "isthmus.trust.pki.authority.local_names", lambda: ["warehouse.acme.example"]
    )
    with TlsFront(authority.server("warehouse"), server.port) as front:
        with pytest.raises(LinkError, match=r"not trusted.*127"):
            sink_of("127.0.0.1", front.port, authority.ca).open()
        assert front.passed == 0


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_a_file_of_authorities_that_is_none_is_named(text, tmp_path, sink_of):
    file = tmp_path / "authorities.pem"
    if text is not None:
        file.write_text(text)
    with pytest.raises(LinkError, match=r"authorities\.pem"):
        sink_of("127.0.0.1", 1, file).open()
