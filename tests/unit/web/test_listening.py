"""Two sites that start together on one machine never share a port."""

from __future__ import annotations

from contextlib import closing

import pytest

from isthmus.model.errors import ConfigError
from isthmus.runtime.sql.endpoint import SqlSettings, bind
from isthmus.web import server
from isthmus.web.server import listening


def test_of_two_sites_that_start_together_the_second_takes_the_next_port():
    with closing(listening("127.0.0.1", 0)) as any_port:
        port = any_port.getsockname()[1]
        with closing(listening("127.0.0.1", port)) as other:
            assert port < other.getsockname()[1] < port + server.TRIES


def test_a_port_that_must_be_is_refused_to_the_second():
    with closing(bind(SqlSettings.of({"listen": "127.0.0.1:0"}))) as first:
        wish = f"127.0.0.1:{first.getsockname()[1]}"
        with pytest.raises(ConfigError, match=wish):
            bind(SqlSettings.of({"listen": wish}))
