"""A history in PostgreSQL that an older program made gains the columns of tags."""

from __future__ import annotations

import psycopg

from isthmus.historian.postgresql.engine import PostgreSql
from isthmus.historian.postgresql.schema import MORE_OF_TAGS
from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.historian.settings import DAY
from isthmus.model.sample import Nanoseconds, TagId
from isthmus.model.tag import Limits, Tag

SPEED = Tag("packaging/line1/filler/speed", type="rotary", limits=Limits(high=9.0))


def test_a_history_of_an_older_version_gains_the_new_columns(postgresql):
    settings = PostgreSqlSettings(postgresql.database())

    def opened() -> PostgreSql:
        return PostgreSql.open(settings, now=lambda: Nanoseconds(DAY))

    opened().close()
    with psycopg.connect(settings.url, autocommit=True) as connection:
        for column in MORE_OF_TAGS:
            name = column.partition(" ")[0]
            connection.execute(f"alter table {settings.schema}.tags drop column {name}".encode())
        connection.execute(
            f"insert into {settings.schema}.tags (tag, path) values (1, 'a/b')".encode()
        )
    engine = opened()
    ask = "select path, line, type, high, range_low from tags"
    assert engine.sql(ask).to_pylist()[0]["type"] is None
    engine.write_tags([(TagId(1), SPEED)])
    assert [tuple(row.values()) for row in engine.sql(ask).to_pylist()] == [
        (SPEED.path, "line1", "rotary", 9.0, None)
    ]
    engine.close()
