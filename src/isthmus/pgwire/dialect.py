"""PostgreSQL's SQL told to the engine: what the engine writes otherwise is rewritten by token.

The engine's own catalogue cannot be added to, so `pg_catalog` and `information_schema` are schemas
of ours with other names, and what stood for the one stands for the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from isthmus.pgwire.error import SqlError
from isthmus.pgwire.parameter import elements
from isthmus.pgwire.token import Kind, Token, literal, name

CATALOG, INFORMATION = "pg", "info"  # the schemas that hold ours
SCHEMAS = {"pg_catalog": CATALOG, "information_schema": INFORMATION}
REGISTERED = {"regclass", "regtype", "regproc", "regprocedure", "regnamespace", "regrole"}
TYPES = {
    "name": "varchar",
    "char": "varchar",
    "oid": "bigint",
    "xid": "bigint",
    "int2vector": "varchar",
    "bpchar": "varchar",
    "jsonb": "json",
    "citext": "varchar",
    "cstring": "varchar",
    **dict.fromkeys(REGISTERED, "bigint"),
}

RENAMED = {
    "json_build_object": "json_object",
    "jsonb_build_object": "json_object",
    "json_build_array": "json_array",
    "jsonb_build_array": "json_array",
    "json_agg": "json_group_array",
    "jsonb_agg": "json_group_array",
}

Parameter = Callable[[int], str]


def rewrite(
    tokens: Sequence[Token], parameter: Parameter, ours: frozenset[str], database: str
) -> str:
    """The engine's SQL of one statement; `parameter` writes the literal of `$n`.

    `ours` are the functions of our catalogue: any other function of `pg_catalog` is the engine's.
    """
    pieces = [_bound(token, parameter) for token in tokens if token.kind is not Kind.SPACE]
    return " ".join(_pieces(pieces, ours, database))


def _bound(token: Token, parameter: Parameter) -> Token:
    """A parameter as the literal that stands for it."""
    if token.kind is not Kind.PARAMETER:
        return token
    text = parameter(_number(token))
    return Token(Kind.STRING if text.startswith("'") else Kind.NUMBER, text, token.at)


def _pieces(tokens: list[Token], ours: frozenset[str], database: str) -> list[str]:
    out: list[str] = []
    at = 0
    while at < len(tokens):
        used, text = _one(tokens, at, ours, database)
        if used:
            if text:
                out.append(text)
            at += used
            continue
        token = tokens[at]
        if token.sign("::"):
            out.append(token.text)
            at += 1
            used, text = _type(tokens, at)
            if text in REGISTERED:
                _registered(out, text)
            else:
                out.append(text)
            at += used
            continue
        out.append(token.text)
        at += 1
    return out


def _number(token: Token) -> int:
    number = int(token.text[1:])
    if not 1 <= number <= 65_535:  # noqa: PLR2004 - the protocol's own bound
        raise SqlError("42P02", f"there is no parameter {token.text}")
    return number


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].word if 0 <= at < len(tokens) else ""


def _sign(tokens: Sequence[Token], at: int, text: str) -> bool:
    return 0 <= at < len(tokens) and tokens[at].sign(text)


def _one(tokens: Sequence[Token], at: int, ours: frozenset[str], database: str) -> tuple[int, str]:
    """How many tokens from `at` on are written otherwise, and how; 0 where none."""
    word = _word(tokens, at)
    if _sign(tokens, at + 1, ".") and not _sign(tokens, at - 1, "."):
        if word in SCHEMAS:
            return _qualified(tokens, at, SCHEMAS[word], ours)
        return (2, "") if word == database and _sign(tokens, at + 3, ".") else (0, "")
    if _literal_array(tokens, at):
        return _array(tokens, at)
    rule = _RULES.get(word)
    return rule(tokens, at) if rule is not None else (0, "")


def _collation(tokens: Sequence[Token], at: int) -> tuple[int, str]:
    """Texts compare by their code points in the engine, whatever a client names."""
    if at + 1 >= len(tokens):
        return 0, ""
    return (4 if _sign(tokens, at + 2, ".") else 2), ""


def _lookup(tokens: Sequence[Token], at: int) -> tuple[int, str]:
    """`CAST('name' AS regclass)` looks a name up."""
    string = tokens[at + 2] if at + 3 < len(tokens) else None
    if string is None or string.kind is not Kind.STRING or _word(tokens, at + 3) != "as":
        return 0, ""
    used, kind = _type(tokens, at + 4)
    if kind in REGISTERED and _sign(tokens, at + 1, "(") and _sign(tokens, at + 4 + used, ")"):
        return 5 + used, f"{CATALOG}.to_{kind}({string.text})"
    return 0, ""


def _renamed(tokens: Sequence[Token], at: int) -> tuple[int, str]:
    """A function that the engine has by another name."""
    called = _sign(tokens, at + 1, "(") and not _sign(tokens, at - 1, ".")
    return (1, RENAMED[_word(tokens, at)]) if called else (0, "")


def _cast(tokens: Sequence[Token], at: int) -> tuple[int, str]:
    """`AS regclass)` of a CAST."""
    used, kind = _type(tokens, at + 1)
    if kind in REGISTERED and _sign(tokens, at + 1 + used, ")"):
        return 1 + used, "as bigint"
    return 0, ""


def _who(tokens: Sequence[Token], at: int) -> tuple[int, str]:
    """PostgreSQL's functions without parentheses."""
    word, plain = _word(tokens, at), tokens[at].kind is Kind.WORD
    named = (
        _sign(tokens, at - 1, ".") or _sign(tokens, at + 1, ".") or _word(tokens, at - 1) == "as"
    )
    if (
        not plain
        or named
        or (word == "user" and not _sign(tokens, at + 1, ",") and at + 1 < len(tokens))
    ):
        return 0, ""
    used = 3 if _sign(tokens, at + 1, "(") and _sign(tokens, at + 2, ")") else 1
    function = "current_database" if word == "current_catalog" else "session_user"
    return used, f"{CATALOG}.{function}()"


def _operator(tokens: Sequence[Token], at: int) -> tuple[int, str]:
    """`OPERATOR(pg_catalog.~)` is `~`."""
    end = at + 2
    while end < len(tokens) and not tokens[end].sign(")"):
        end += 1
    signs = [t.text for t in tokens[at + 2 : end] if t.kind is Kind.SIGN and t.text != "."]
    return end + 1 - at, "".join(signs)


def _qualified(
    tokens: Sequence[Token], at: int, schema: str, ours: frozenset[str]
) -> tuple[int, str]:
    """A name in one of the schemas that are ours."""
    named = _word(tokens, at + 2)
    if _sign(tokens, at + 3, "("):
        return 3, f"{schema}.{name(named)}" if named in ours else named
    return 3, f"{schema}.{name(named)}"


def _type(tokens: Sequence[Token], at: int) -> tuple[int, str]:
    """The name of a type, without its schema: how many tokens, and the engine's name."""
    used = 2 if _word(tokens, at) == "pg_catalog" and _sign(tokens, at + 1, ".") else 0
    word = _word(tokens, at + used)
    if not word:
        return used, ""
    if word in REGISTERED:
        return used + 1, word
    text = TYPES.get(word, tokens[at + used].text)
    return used + 1, "varchar" if tokens[at + used].text == '"char"' else text


def _registered(out: list[str], kind: str) -> None:
    """What was cast to `regclass` and its like: a name is looked up, a number stays one."""
    out.pop()  # the ::
    if out and out[-1].startswith(("'", "E'", "e'")):
        lookup = out.pop()
        out.append(f"{CATALOG}.to_{kind}({lookup})")
    elif out and out[-1].startswith("cast('"):
        inner = out.pop()
        out.append(f"{CATALOG}.to_{kind}({inner})")
    else:
        out.append("::bigint")


def _literal_array(tokens: Sequence[Token], at: int) -> bool:
    token = tokens[at] if at < len(tokens) else None
    return (
        token is not None
        and token.kind is Kind.STRING
        and token.text.startswith("'{")
        and token.text.endswith("}'")
    )


def _array(tokens: Sequence[Token], at: int) -> tuple[int, str]:
    """`ANY('{a,b}')` and `'{a,b}'::text[]`, in which a string is an array."""
    cast = _sign(tokens, at + 1, "::")
    within = _sign(tokens, at - 1, "(") and _word(tokens, at - 2) in ("any", "all", "some")
    if not cast and not within:
        return 0, ""
    parts = elements(tokens[at].text[1:-1].replace("''", "'"))
    words = ("null" if part is None else literal(part) for part in parts)
    listed = f"[{', '.join(words)}]"
    if cast:
        used, kind = _type(tokens, at + 2)
        end = at + 2 + used
        if kind and _sign(tokens, end, "[") and _sign(tokens, end + 1, "]"):
            return used + 4, f"cast({listed} as {kind}[])"
    return (1, f"cast({listed} as varchar[])") if within else (0, "")


_RULES: Mapping[str, Callable[[Sequence[Token], int], tuple[int, str]]] = {
    "operator": lambda tokens, at: _operator(tokens, at) if _sign(tokens, at + 1, "(") else (0, ""),
    "collate": _collation,
    "as": _cast,
    "cast": _lookup,
    **dict.fromkeys(RENAMED, _renamed),
    **dict.fromkeys(
        ("current_user", "session_user", "user", "current_role", "current_catalog"), _who
    ),
}
