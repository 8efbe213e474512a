"""SQL cut into tokens, and PostgreSQL's SQL told to the engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus.pgwire.dialect import rewrite
from isthmus.pgwire.error import SqlError
from isthmus.pgwire.token import Kind, join, literal, name, statements, tokens

PIECES = st.sampled_from(
    ["select", " ", "'it''s'", '"a""b"', "$1", "--x\n", "/* /* */ */", ";", "1.5e3", "::",
     "$$a'b$$", "$q$ $ $q$", "E'\\''", "(", ")", ",", "~", "a_1", "é"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30))
def test_tokens_joined_are_the_text(pieces):
    text = "".join(pieces)
    try:
        found = tokens(text)
    except SqlError:
        return
    assert join(found) == text


@given(st.text(max_size=60))
def test_any_text_is_cut_or_refused(text):
    try:
        found = tokens(text)
    except SqlError as error:
        state = error.state
    else:
        assert join(found) == text
        return
    assert state == "42601"


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_no_text_leaves_its_quotes(text):
    (string,) = tokens(literal(text))
    assert string.kind is Kind.STRING
    (quoted,) = tokens(name(text or "x"))
    assert quoted.word == (text or "x")


def test_semicolons_in_quotes_and_comments_end_nothing():
    text = "select ';' /* ; */ ; ; select \";\" -- ;\n ; select $a$;$a$"
    found = [join(part).strip() for part in statements(tokens(text))]
    assert found == ["select ';' /* ; */", 'select ";" -- ;', "select $a$;$a$"]


@pytest.mark.parametrize("text", ["'open", '"open', "/* /* */", "$x$ open", "select 'a"])
def test_what_does_not_end_is_refused_with_its_place(text):
    with pytest.raises(SqlError) as caught:
        tokens(text)
    assert caught.value.position is not None


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("a OPERATOR(pg_catalog.~) 'x' COLLATE pg_catalog.default", "a ~ 'x'"),
        ("'line1.filler'::regclass", "pg.to_regclass('line1.filler')"),
        ("c.oid::pg_catalog.regclass", "c . oid ::bigint"),
        ("cast(x as regclass)", "cast ( x as bigint )"),
        ("CAST('a' AS REGCLASS)", "pg.to_regclass('a')"),
        ("json_build_object('a', 1)", "json_object ( 'a' , 1 )"),
        ("pg_catalog.format_type(a, b)", 'pg."format_type" ( a , b )'),
        ("pg_catalog.lower(a)", "lower ( a )"),
        ("pg_catalog.pg_class", 'pg."pg_class"'),
        ("information_schema.tables", 'info."tables"'),
        ("riverside.public.samples", "public . samples"),
        ("x = any('{a,\"b,c\"}')", "x = any ( cast(['a', 'b,c'] as varchar[]) )"),
        ("'{1,2}'::int[]", "cast(['1', '2'] as int[])"),
        ('x::name::"char"', "x :: varchar :: varchar"),
        ("current_user", "pg.session_user()"),
        ("t.user", "t . user"),
        ("'{not,an,array}'", "'{not,an,array}'"),
    ],
)
def test_postgresqls_ways_are_told_to_the_engine(theirs, ours):
    functions = frozenset({"format_type"})
    assert rewrite(tokens(theirs), lambda _: "null", functions, "riverside") == ours


def test_a_parameter_becomes_its_literal():
    found = rewrite(tokens("a = $2 and b = $1"), lambda n: f"'{n}'", frozenset(), "x")
    assert found == "a = '2' and b = '1'"
    with pytest.raises(SqlError):
        rewrite(tokens("$0"), lambda _: "null", frozenset(), "x")
