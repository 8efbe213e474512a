"""A short look at the server that a plant file names, which changes nothing there."""

from __future__ import annotations

import psycopg

from isthmus.historian.postgresql.connect import connect, failed
from isthmus.historian.postgresql.schema import has_timescale
from isthmus.historian.postgresql.settings import PostgreSqlSettings
from isthmus.model.errors import AuthError


def visit(settings: PostgreSqlSettings) -> str:
    """Version, protection and rights in one line; raises StorageError or AuthError."""
    connection = connect(settings, read_only=True)
    try:
        version = connection.info.server_version
        lock = "TLS" if connection.pgconn.ssl_in_use else "no TLS"
        word = f"PostgreSQL {version // 10_000}.{version % 10_000} at {settings.place}, {lock}"
        row = connection.execute(
            "select has_database_privilege(current_database(), 'CREATE'), "
            "(select pg_get_userbyid(nspowner) = current_user from pg_namespace "
            "where nspname = %s)",
            (settings.schema,),
        ).fetchone()
        may_create, owns = row or (False, None)
        if owns is False or (owns is None and not may_create):
            raise AuthError(
                f"looking at {settings.place}: this user may not make the schema, nor owns it",
                hint=f"let an administrator run `create schema {settings.schema} "
                "authorization USER`",
            )
        if has_timescale(connection):
            word += ", TimescaleDB"
        if connection.info.parameter_status("is_superuser") == "on":
            word += "; a superuser: better a role that owns only its schema"
    except psycopg.Error as error:
        raise failed(settings, error, "looking") from error
    else:
        return word
    finally:
        connection.close()
