"""What Grafana calls a unit."""

from __future__ import annotations

from isthmus.model.unit import display

# the unit of a plant file, then what Grafana calls it
_TABLE = """
% percent | degC celsius | degF fahrenheit | K kelvin | deg degree | W watt | kW kwatt |
MW megwatt | Wh watth | kWh kwatth | V volt | kV kvolt | mV mvolt | A amp | mA mamp |
kA kamp | VA voltamp | kVA kvoltamp | ohm ohm | J joule | bar pressurebar |
mbar pressurembar | Pa pressurepa | hPa pressurehpa | kPa pressurekpa | psi pressurepsi |
s s | ms ms | min m | h h | d d | Hz hertz | rpm rotrpm | mm lengthmm | m lengthm |
km lengthkm | mg massmg | g massg | kg masskg | t masst | ml mlitre | mL mlitre | l litre |
L litre | m3 m3 | Nm3 Nm3 | l/min flowlpm | l/h litreh | m3/s flowcms | m/s velocityms |
km/h velocitykmh | N forceN | kN forcekN | Nm forceNm | N.m forceNm | ppm ppm | dB dB |
lx lux | B decbytes | kB deckbytes
"""
IDS = dict(pair.split() for pair in _TABLE.split("|"))


def grafana_unit(unit: str) -> str:
    """Grafana's id of a plant file's `unit`; its own sign behind the number where it has none."""
    if not unit:
        return "none"
    return IDS.get(unit) or f"suffix: {display(unit)}"
