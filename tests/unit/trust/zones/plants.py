"""A plant file of zones, written down and read back."""

from isthmus.runtime.config import load

PLANT = """
isthmus: 1
enterprise: acme
site: riverside
equipment: {packaging: {line1: {units: {filler: {tags: {speed: 1/min, state: {}, power: kW}}}}}}
zones:
  business: {level: 4, networks: [10.2.0.0/16]}
  dmz:      {level: 3.5, target: SL2, networks: [10.3.0.0/24]}
  site:     {level: 3, target: SL2, networks: [10.4.0.0/24, "fd00:4::/64"], here: true}
  line1:    {level: 2, target: SL2, networks: [10.4.1.0/25, 10.4.1.128/25, "fd00:4:1::/64"]}
conduits:
  - {from: site, to: line1, allow: [modbus, tcp/503, udp/161], why: samples}
  - {from: business, to: dmz, allow: [https], why: reports}
  - {from: site, to: dmz, allow: [https, syslog-tls], why: copies}
  - {from: site, to: line1, allow: [modbus], why: forgotten}
management: {networks: [10.4.0.16/28], allow: [ssh]}
"""


def plant(folder, text=PLANT, **changes):
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    file = folder / "plant.yaml"
    file.write_text(text, "utf-8")
    return load(file)
