"""The functions of `pg_catalog` that clients call and the engine lacks, as macros of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from isthmus.pgwire.dialect import CATALOG, INFORMATION
from isthmus.pgwire.oid import TYPES
from isthmus.pgwire.token import literal

_NO_TEXT = "cast(null as varchar)"


def _same(body: str, *counts: int) -> tuple[str, ...]:
    """Macros of one body for several numbers of arguments."""
    letters = "abcdef"
    return tuple(f"({', '.join(letters[:count])}) as {body}" for count in counts)


def _format_type() -> str:
    words = " ".join(
        f"when {kind.oid} then {literal(kind.sql)}"
        + (f" when {kind.array} then {literal(kind.sql + '[]')}" if kind.array else "")
        for kind in TYPES
    )
    return f"(a, b) as case a {words} else '???' end"


def _type_number() -> str:
    words = " ".join(
        f"when {literal(name)} then {number}"
        for kind in TYPES
        for name, number in (
            *((word, kind.oid) for word in dict.fromkeys((kind.name, kind.sql))),
            *((word, kind.array) for word in ("_" + kind.name, kind.sql + "[]") if kind.array),
        )
    )
    plain = "replace(lower(a), 'pg_catalog.', '')"
    return f"(a) as cast(case {plain} {words} else null end as bigint)"


# names in here must be none that a query may use: an argument is put in as it is written
_RELATION = """(a) as coalesce(case replace(a, 'pg_catalog.', '')
    when 'pg_class' then 1259 when 'pg_type' then 1247 when 'pg_proc' then 1255
    when 'pg_database' then 1262 when 'pg_namespace' then 2615 end, (
  select its_class.oid
  from pg.pg_class its_class
    join pg.pg_namespace its_space on its_space.oid = its_class.relnamespace
  where replace(a, '"', '') in (its_space.nspname || '.' || its_class.relname,
    case when its_space.nspname = 'public' then its_class.relname end)
  order by its_space.nspname <> 'public' limit 1))"""
_SPACE = """(a) as (
  select its_space.oid from pg.pg_namespace its_space where its_space.nspname = a)"""
_VISIBLE = """(a) as coalesce((
  select its_class.relnamespace in (2200, 11)
  from pg.pg_class its_class where its_class.oid = a), false)"""
_IDENTIFIER = """(a) as case when regexp_full_match(a, '[a-z_][a-z0-9_]*') then a
  else '"' || replace(a, '"', '""') || '"' end"""
_LITERAL = "(a) as '''' || replace(cast(a as varchar), '''', '''''') || ''''"
_SETTING = """(
  select its_setting.setting from pg.pg_settings its_setting where its_setting.name = lower(a))"""
_COMMENT = """(
  select its_word.description
  from pg.pg_description its_word where its_word.objoid = a and its_word.objsubid = 0)"""
_COLUMN_COMMENT = """(a, b) as (
  select its_word.description
  from pg.pg_description its_word where its_word.objoid = a and its_word.objsubid = b)"""
_KEYWORDS = """() as table select unnest(['select', 'from', 'where']) as word, 'R' as catcode,
  true as barelabel, 'reserved' as catdesc, 'requires AS' as baredesc"""
_FORMATS = (
    ("YYYY", "%Y"),
    ("HH24", "%H"),
    ("HH12", "%I"),
    ("MI", "%M"),
    ("SS", "%S"),
    ("MM", "%m"),
    ("DDD", "%j"),
    ("DD", "%d"),
    ("MS", "%g"),
    ("Month", "%B"),
    ("Mon", "%b"),
    ("Day", "%A"),
    ("Dy", "%a"),
    ("IW", "%V"),
    ("YY", "%y"),
)


def _to_char() -> str:
    form = "b"
    for theirs, ours in _FORMATS:
        form = f"replace({form}, '{theirs}', '{ours}')"
    return f"(a, b) as strftime(a, {form})"


FUNCTIONS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "format_type": (_format_type(),),
        "to_regtype": (_type_number(),),
        "to_regclass": (_RELATION,),
        "to_regproc": ("(a) as cast(case a when 'array_in' then 750 else 0 end as bigint)",),
        "to_regprocedure": ("(a) as cast(0 as bigint)",),
        "to_regrole": ("(a) as cast(10 as bigint)",),
        "to_regnamespace": (_SPACE,),
        "pg_table_is_visible": (_VISIBLE,),
        **{
            f"pg_{kind}_is_visible": _same("true", 1)
            for kind in ("type", "function", "opclass", "operator", "collation")
        },
        "obj_description": _same(_COMMENT, 1, 2),
        "col_description": (_COLUMN_COMMENT,),
        "shobj_description": _same(_NO_TEXT, 2),
        "pg_get_expr": _same(_NO_TEXT, 2, 3),
        "pg_get_indexdef": _same(_NO_TEXT, 1, 3),
        "pg_get_constraintdef": _same(_NO_TEXT, 1, 2),
        "pg_get_viewdef": _same(_NO_TEXT, 1, 2),
        "pg_get_ruledef": _same(_NO_TEXT, 1, 2),
        "pg_get_triggerdef": _same(_NO_TEXT, 1, 2),
        "pg_get_partkeydef": _same(_NO_TEXT, 1),
        "pg_get_partition_constraintdef": _same(_NO_TEXT, 1),
        "pg_get_functiondef": _same(_NO_TEXT, 1),
        "pg_get_function_arguments": _same(_NO_TEXT, 1),
        "pg_get_function_identity_arguments": _same(_NO_TEXT, 1),
        "pg_get_function_result": _same(_NO_TEXT, 1),
        "pg_get_serial_sequence": _same(_NO_TEXT, 2),
        "pg_get_statisticsobjdef_columns": _same(_NO_TEXT, 1),
        "has_table_privilege": (
            "(a, b) as starts_with(lower(b), 'select')",
            "(a, b, c) as starts_with(lower(c), 'select')",
        ),
        "has_column_privilege": (
            "(a, b, c) as starts_with(lower(c), 'select')",
            "(a, b, c, d) as starts_with(lower(d), 'select')",
        ),
        "has_any_column_privilege": (
            "(a, b) as starts_with(lower(b), 'select')",
            "(a, b, c) as starts_with(lower(c), 'select')",
        ),
        "has_schema_privilege": (
            "(a, b) as starts_with(lower(b), 'usage')",
            "(a, b, c) as starts_with(lower(c), 'usage')",
        ),
        "has_database_privilege": (
            "(a, b) as starts_with(lower(b), 'connect')",
            "(a, b, c) as starts_with(lower(c), 'connect')",
        ),
        "has_sequence_privilege": _same("false", 2, 3),
        "has_function_privilege": _same("true", 2, 3),
        "has_language_privilege": _same("false", 2, 3),
        "pg_has_role": _same("true", 2, 3),
        "current_schema": ("() as 'public'",),
        "current_schemas": (
            "(a) as case when a then ['pg_catalog', 'public'] else ['public'] end",
        ),
        "current_setting": _same(_SETTING, 1, 2),
        "set_config": ("(a, b, c) as b",),
        "quote_ident": (_IDENTIFIER,),
        "quote_literal": (_LITERAL,),
        "quote_nullable": ("(a) as coalesce(" + _LITERAL.partition(" as ")[2] + ", 'NULL')",),
        "pg_encoding_to_char": _same("'UTF8'", 1),
        "pg_char_to_encoding": _same("6", 1),
        "getdatabaseencoding": ("() as 'UTF8'",),
        "pg_client_encoding": ("() as 'UTF8'",),
        "pg_backend_pid": ("() as 1",),
        "pg_is_in_recovery": ("() as false",),
        "pg_postmaster_start_time": ("() as now()",),
        "pg_conf_load_time": ("() as now()",),
        "clock_timestamp": ("() as now()",),
        "statement_timestamp": ("() as now()",),
        "inet_server_addr": (f"() as {_NO_TEXT}",),
        "inet_client_addr": (f"() as {_NO_TEXT}",),
        "inet_server_port": ("() as cast(null as integer)",),
        "pg_size_pretty": ("(a) as cast(a as varchar) || ' bytes'",),
        **{
            f"pg_{what}_size": _same("cast(0 as bigint)", 1)
            for what in ("relation", "total_relation", "table", "indexes", "database", "tablespace")
        },
        "pg_tablespace_location": _same("''", 1),
        "txid_current": ("() as cast(1 as bigint)",),
        "pg_advisory_unlock_all": (f"() as {_NO_TEXT}",),
        "pg_cancel_backend": _same("false", 1),
        "pg_terminate_backend": _same("false", 1, 2),
        "pg_relation_is_publishable": _same("false", 1),
        "pg_relation_is_updatable": _same("0", 2),
        "pg_index_column_has_property": _same("false", 3),
        "pg_partition_root": _same("cast(null as bigint)", 1),
        "pg_stat_get_numscans": _same("cast(0 as bigint)", 1),
        "array_upper": ("(a, b) as len(a)",),
        "array_lower": ("(a, b) as 1",),
        "cardinality": ("(a) as len(a)",),
        "to_char": (_to_char(),),
        "date_bin": ("(a, b, c) as time_bucket(a, b, c)",),
        "oidvectortypes": ("(a) as ''",),
        "pg_get_keywords": (_KEYWORDS,),
    }
)


def functions(database: str, user: str, version: str) -> dict[str, str]:
    """The statements that make the functions, in the engine's SQL, by name."""
    own = {
        "current_database": f"() as {literal(database)}",
        "session_user": f"() as {literal(user)}",
        "pg_get_userbyid": f"(a) as {literal(user)}",
        "version": f"() as {literal(version)}",
    }
    every = {**FUNCTIONS, **{name: (body,) for name, body in own.items()}}
    made = {
        name: f"create macro {CATALOG}.{name}{', '.join(bodies)}" for name, bodies in every.items()
    }
    expand = "_pg_expandarray(a) as {'x': cast(null as integer), 'n': cast(null as integer)}"
    return {**made, "_pg_expandarray": f"create macro {INFORMATION}.{expand}"}
