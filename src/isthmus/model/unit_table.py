"""The units that people write in plant files, as the International System of Units defines them.

Factors are exact where the unit is defined exactly (SI Brochure, 9th edition; NIST SP 811,
appendix B.8). Names follow UCUM where plants do (`degC`, `m3`, `kWh`), with the common short forms
beside it (`rpm`, `h`, `l`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType

AXES = ["m", "kg", "s", "A", "K", "mol", "cd", "byte", "decibel", "pH"]
Dimension = tuple[int, ...]
PLAIN: Dimension = (0,) * len(AXES)


@dataclass(frozen=True, slots=True)
class Known:
    """One symbol of the table: `value * factor + offset` is in the SI units of `dimension`."""

    factor: float
    dimension: Dimension
    prefixes: bool = False
    offset: float = 0.0


PREFIXES = MappingProxyType(
    {"n": 1e-9, "u": 1e-6, "µ": 1e-6, "m": 1e-3, "c": 1e-2, "d": 1e-1, "h": 1e2}
    | {"k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
)

# symbols | factor | dimension; symbols with `~` before them take SI prefixes
_TABLE = f"""
~m            | 1                  | m
~g            | 0.001              | kg
~s            | 1                  | s
~A            | 1                  | A
~K            | 1                  | K
~mol          | 1                  | mol
~cd ~lm       | 1                  | cd
~lx           | 1                  | cd m-2
~B ~byte      | 1                  | byte
~bit          | 0.125              | byte
KiB           | 1024               | byte
MiB           | {1024**2}          | byte
GiB           | {1024**3}          | byte
TiB           | {1024**4}          | byte
dB dBA        | 1                  | decibel
pH            | 1                  | pH
1             | 1                  |
% percent     | 0.01               |
ppm           | 1e-6               |
ppb           | 1e-9               |
~rad sr       | 1                  |
deg °         | {math.pi / 180!r}  |
rev           | {2 * math.pi!r}    |
pcs pc piece pieces ea item items | 1 |
sec           | 1                  | s
min           | 60                 | s
h hr          | 3600               | s
d day         | 86400              | s
wk week       | 604800             | s
mo month      | 2629800            | s
y a year      | 31557600           | s
~Hz           | 1                  | s-1
rpm           | {1 / 60!r}         | s-1
~Pa           | 1                  | kg m-1 s-2
~bar          | 1e5                | kg m-1 s-2
psi           | 6894.757293168361  | kg m-1 s-2
atm           | 101325             | kg m-1 s-2
mmHg Torr     | 133.322387415      | kg m-1 s-2
mH2O          | 9806.65            | kg m-1 s-2
inH2O         | 249.08891          | kg m-1 s-2
~N            | 1                  | kg m s-2
kgf           | 9.80665            | kg m s-2
lbf           | 4.4482216152605    | kg m s-2
~Nm           | 1                  | kg m2 s-2
~J            | 1                  | kg m2 s-2
~cal          | 4.1868             | kg m2 s-2
~Wh ~VAh ~varh | 3600              | kg m2 s-2
Btu BTU       | 1055.05585262      | kg m2 s-2
~W ~VA ~var   | 1                  | kg m2 s-3
hp            | 745.6998715822702  | kg m2 s-3
PS            | 735.49875          | kg m2 s-3
~V            | 1                  | kg m2 s-3 A-1
~ohm ~Ω       | 1                  | kg m2 s-3 A-2
~S            | 1                  | kg-1 m-2 s3 A2
~F            | 1                  | kg-1 m-2 s4 A2
~C            | 1                  | A s
~Ah           | 3600               | A s
~H            | 1                  | kg m2 s-2 A-2
~Wb           | 1                  | kg m2 s-2 A-1
~T            | 1                  | kg s-2 A-1
~L ~l         | 0.001              | m3
Nm3 Sm3       | 1                  | m3
Nl NL         | 0.001              | m3
gal           | 0.003785411784     | m3
cf scf        | 0.028316846592     | m3
cfm scfm      | 0.0004719474432    | m3 s-1
gpm           | 6.30901964e-05     | m3 s-1
in inch       | 0.0254             | m
ft            | 0.3048             | m
yd            | 0.9144             | m
mi            | 1609.344           | m
ha            | 1e4                | m2
~t            | 1000               | kg
lb            | 0.45359237         | kg
oz            | 0.028349523125     | kg
gn            | 9.80665            | m s-2
cP            | 0.001              | kg m-1 s-1
cSt           | 1e-6               | m2 s-1
"""

# temperatures with a zero of their own: factor, offset to kelvin
_TEMPERATURES = {
    "degC": (1.0, 273.15),
    "°C": (1.0, 273.15),
    "degF": (5 / 9, 273.15 - 32 * 5 / 9),
    "°F": (5 / 9, 273.15 - 32 * 5 / 9),
}

SHOWN = MappingProxyType(
    {"degC": "°C", "degF": "°F", "deg": "°", "ohm": "Ω", "percent": "%", "1": ""}
)


def dimension(text: str) -> Dimension:
    """The exponents of `text`, such as `kg m-1 s-2`, in the order of `AXES`."""
    powers = dict.fromkeys(AXES, 0)
    for word in text.split():
        axis = word.rstrip("-0123456789")
        powers[axis] += int(word[len(axis) :] or 1)
    return tuple(powers.values())


def _read() -> dict[str, Known]:
    table: dict[str, Known] = {}
    for row in filter(None, _TABLE.splitlines()):
        symbols, factor, powers = row.split("|")
        for symbol in symbols.split():
            prefixes = symbol.startswith("~")
            name = symbol.removeprefix("~")
            table[name] = Known(float(factor), dimension(powers), prefixes)
    for name, (scale, offset) in _TEMPERATURES.items():
        table[name] = Known(scale, dimension("K"), offset=offset)
    return table


UNITS = MappingProxyType(_read())
