"""The plant file of the demo: what a controls engineer would have written for this line."""

from __future__ import annotations

from isthmus.demo.physics.calendar import SHIFTS, Calendar
from isthmus.demo.plantenergy import METER, baseline, business
from isthmus.demo.plantlinks import Places, connections
from isthmus.demo.rules import RULES
from isthmus.demo.signal import MACHINE, TYPES, Signal
from isthmus.demo.weeks import Mended

_SPELL = {
    "Filler": "Fills half-litre bottles; it sets the pace of the line.",
    "Capper": "Screws caps on; its main bearing is what wears.",
    "Labeller": "Sleeves bottles from a roll of film.",
    "Packer": "24 bottles to a carton, glued.",
    "Palletiser": "60 cartons to a pallet.",
    "EnergyMeter": "A three-phase meter.",
    "LegacyCompressor": "Screw compressor without a network; it writes a log file.",
}
_EXTRA = {
    "Palletiser": '      drive_fault: {kind: boolean, description: "told by its own PLC"}\n'
    "    alarms:\n"
    "      drive: {when: drive_fault, priority: high, group: stop, title: fault of the drive,\n"
    "              response: 10 min, advice: read the drive's display and call maintenance}\n",
    "Filler": "    condition: {watch: [motor_temp, vibration, power], "
    "regimes: [state, product, speed]}\n",
    "Capper": "    alarms:\n"
    "      bearing: {when: bearing_vibration > limits.high and state == execute, delay: 30 s,\n"
    "                off_delay: 10 min, priority: high, title: bearing vibration high,\n"
    "                response: 8 h, consequence: the bearing seizes and the capper stands,\n"
    "                advice: plan a new bearing before the next shift}\n"
    "    condition: {watch: [bearing_vibration, bearing_temp, power], regimes: [state, speed]}\n",
}


_REASONS = """\
reasons: # operators choose them on the page Operator; `isthmus stops reasons`
  breakdown:
    title: Breakdown
    category: breakdown
    reasons: {drive: Drive or motor, bearing: Bearing, sensor: Sensor or control,
              valve: Valve or cylinder, supply: Air or power lost}
  micro_stop:
    title: Jam
    category: micro-stop
    reasons: {bottle: Bottle fallen or broken, cap: Cap jammed, film: Film torn or skewed,
              carton: Carton jammed, pallet: Pallet not straight}
  changeover:
    title: Changeover
    category: setup
    reasons: {format: Format parts, rinse: Rinse, first_good: Until the first good ones}
  adjustment:
    title: Adjustment
    category: production reject
    reasons: {level: Fill level, torque: Cap torque, position: Position of the label}
  material:
    title: Material missing
    category: organisation
    reasons: {caps: Caps, film_reel: Film, cartons: Cartons or glue, pallets: Pallets}
  people: {title: Nobody free, category: organisation}
  starved: {title: Waits for the machine before, category: starved}
  blocked: {title: The machine behind is full, category: blocked}
  break: {title: "Break, cleaning, meeting", category: planned}
  no_order: {title: No order, category: no order}
"""


def plant_file(places: Places, calendar: Calendar, mended: Mended | None = None) -> str:
    """The text of `plant.yaml`; with the measure `mended` where there are weeks before."""
    equipment = _EQUIPMENT.replace(METER, METER + baseline(mended))
    more = _MORE + business(mended)
    return "\n".join(
        (_head(calendar), _types(), equipment, connections(places), _TAIL + RULES, more),
    )


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def _head(calendar: Calendar) -> str:
    shifts = ", ".join(f'{name}: "{_clock(a)}-{_clock(b)}"' for name, a, b in SHIFTS)
    breaks = ", ".join(f'"{_clock(a)}-{_clock(b)}"' for a, b in calendar.breaks)
    return f"""\
# The demo plant: one bottling line and its air, every machine behind a real protocol server on
# this computer. Written anew at each start of the demo, because ports change.

isthmus: 1
enterprise: acme
site: riverside
timezone: Europe/Berlin
currency: EUR

people:
  teams:
    shift-lead:  {{side: ot, notify: "mailto:shift-lead@riverside.acme.example"}}
    maintenance: {{side: ot, notify: "mailto:maintenance@riverside.acme.example"}}
    data-team:   {{side: it}}
    security:    {{side: it}}

calendars:
  three-shift: # the long break is the planned stop of the night
    {shifts.replace(", ", chr(10) + "    ")}
    breaks: [{breaks}]

# ------------------------------------------------------- why machines stand, in the line's words
{_REASONS}
# ------------------------------------------------------- types: what machines of a kind have
types:"""


_MACHINE = """\
  Machine:
    state: {from: state, standard: packml}
    energy: {idle_states: [idle, held, suspended, stopped]}
    alarms:
      jam: {when: cause == micro_stop, delay: 20 s, group: stop, response: 5 min,
            advice: clear the jam and start again, consequence: the line stands}
      breakdown: {when: cause == breakdown, priority: high, delay: 5 s, group: stop,
                  response: 10 min, advice: call maintenance and note what you saw}
      hot: {when: motor_temp > limits.high, priority: high, delay: 30 s, off_delay: 60 s,
            deadband: 3 K, title: motor temperature high, response: 30 min,
            advice: look whether the cooling is free and slow down to 90 /min,
            consequence: the winding ages}
    tags:
"""


def _types() -> str:
    parts = [_MACHINE, _tags(MACHINE)]
    for name, signals in TYPES.items():
        parent = "" if name in {"EnergyMeter", "LegacyCompressor"} else "    extends: Machine\n"
        parts += [f"  {name}:\n", parent, f"    description: {_SPELL[name]}\n", "    tags:\n"]
        parts += [_tags(signals), _EXTRA.get(name, "")]
    return "".join(parts)


def _tags(signals: tuple[Signal, ...]) -> str:
    width = max(len(signal.name) for signal in signals) + 1
    return "".join(
        f"      {signal.name + ':':{width}} {{{', '.join(_entry(signal))}}}\n" for signal in signals
    )


def _entry(signal: Signal) -> list[str]:
    """The fields of one tag, in the order in which people read them."""
    bands = {
        name: f"[{band[0]:g}, {band[1]:g}]"
        for name, band in (
            ("range", signal.range),
            ("normal", signal.normal),
            ("specification", signal.specification),
        )
        if band is not None
    }
    limits = ", ".join(f"{name}: {limit:g}" for name, limit in signal.limits)
    fields = {
        "kind": signal.kind if signal.kind in {"text", "boolean"} else "",
        "legend": signal.legend,
        "unit": _quoted(signal.unit),
        **bands,
        "limits": f"{{{limits}}}" if limits else "",
        "deadband": f"{signal.deadband:g}" if signal.deadband else "",
        "counter": signal.counter,
        "role": signal.role if signal.role != signal.name else "",
        "description": _quoted(signal.description),
        "write": signal.write,
    }
    return [f"{name}: {text}" for name, text in fields.items() if text]


def _quoted(text: str) -> str:
    return f'"{text}"' if set(text) & set("%{}:,#[]") else text


_EQUIPMENT = """
# ------------------------------------------------------- equipment: area, line, machines
equipment:
  packaging:
    line1:
      title: Line 1
      calendar: three-shift
      ideal_rate: 120/min
      startup: 10 min
      planned_scrap: 0.012
      margin: 0.04 # EUR that a bottle earns: what losses cost
      bottleneck: filler
      energy_meter: meter
      owners: {ot: shift-lead, it: data-team}
      units:
        filler:     {type: Filler, serial: F-2019-044, built: 2019, support_until: 2034}
        capper:     {type: Capper, serial: C-2017-112, built: 2017, support_until: 2032}
        labeller:   {type: Labeller, serial: L-2009-007, built: 2009, support_until: 2024}
        packer:     {type: Packer, serial: P-2021-300, built: 2021, support_until: 2036}
        palletiser: {type: Palletiser, serial: R-2020-018, built: 2020, support_until: 2035}
        meter:      {type: EnergyMeter, title: Main meter}
      flow: # buffers in pieces
        - filler
        - {buffer: 200}
        - capper
        - {buffer: 80}
        - labeller
        - {buffer: 150}
        - packer
        - {buffer: 20}
        - palletiser
  utilities:
    air:
      title: Compressed air
      units:
        compressor: # it may fill its receiver at other hours
          {type: LegacyCompressor, built: 1998, owners: {ot: maintenance}, energy: {movable: 6 h}}
"""


_TAIL = """\
# ------------------------------------------------------- who may do what
# `isthmus user add anna --team shift-lead` makes an account
access: # nobody else may do anything, but for the owner of the data folder
  grants:
    - {who: "team:shift-lead",  role: operator, at: packaging/line1}
    - {who: "team:shift-lead",  role: engineer, at: packaging/line1/filler} # approves permits there
    - {who: "team:maintenance", role: maintainer}
    - {who: "team:data-team",   role: viewer}
    - {who: "team:security",    role: security}
  deny:
    - {who: everyone, right: write, at: packaging/line1/palletiser} # its light curtain is its own
"""


_MORE = """\
# ------------------------------------------------------- who hears of alarms, and who next
notify: # mails of the demo lie in its data folder, `site/mail`: nothing leaves this computer
  channels:
    mail: {kind: mail, folder: mail, from: isthmus@riverside.acme.example}
  people:
    anna:  {title: Anna Kern, mail: anna.kern@riverside.acme.example}
    ben:   {title: Ben Okafor, mail: ben.okafor@riverside.acme.example}
    carla: {title: Carla Vogt, mail: carla.vogt@riverside.acme.example}
  on_call: # `isthmus notify on-call`
    standby: {turns: [{people: [anna, ben, carla], hand_over: "Mon 08:00", since: 2026-01-05}]}
  escalation:
    line:
      steps:
        - to: standby
        - {after: 10 min, to: carla}
      tell_end: true
  routes:
    machines: {at: packaging/line1, priorities: [urgent, high], to: line}
    small: {priorities: low, to: anna, quiet: "22:00-06:00"}
    rules: {kinds: rule, to: standby}

web: {sign_in: {lock: 0 s}} # looked at for long; a plant's pages lock after 15 min

# ------------------------------------------------------- networks
zones: # the demonstration's devices are on this machine; a plant's are in networks such as these
  business:  {level: 4,   target: SL1, networks: [10.2.0.0/16]}
  dmz:       {level: 3.5, target: SL2, networks: [10.3.0.0/24]}
  site:      {level: 3,   target: SL2, networks: [10.4.0.0/24], here: true}
  line1:     {level: 2,   target: SL2, networks: [10.4.1.0/24]}
  utilities: {level: 2,   target: SL1, networks: [10.4.2.0/24]}
conduits: # `isthmus zones compile` makes rules of them; what none allows does not pass
  - {from: site, to: line1, allow: [opcua, modbus, mqtt-tls], why: samples, owner: shift-lead}
  - {from: site, to: utilities, allow: [files], why: the compressor's log, owner: maintenance}
  - {from: site, to: dmz, allow: [https, syslog-tls], why: copies, owner: data-team}
  - {from: business, to: dmz, allow: [https], why: pages and reports, owner: data-team}
  - {from: line1, to: site, allow: [ntp], why: one clock, owner: shift-lead}
management: {networks: [10.4.0.16/28], allow: [ssh]} # no rule locks these out

writes: {mode: live} # its machines are its own; a plant begins with simulate

# ------------------------------------------------------- reports
sql: {} # BI tools read here: `isthmus sql url`; sql/reader.password in the data folder
exports: # in the data folder; `isthmus export --scheduled` tells how they went
  line1-hourly:
    tags: ["packaging/line1/*/speed", "packaging/line1/*/state", "packaging/line1/*/good_count",
           "packaging/line1/meter/power"]
    each: 1 h
    every: 1 min
    format: xlsx
    keep: 48

reports: # in the data folder; the page Reports, `isthmus report list`
  line1-shift: {what: shift, of: packaging/line1, title: Handover of line 1, wait: 5 min}
  site-day: {what: day, title: Day of the site, forms: [html, pdf, xlsx]}
  site-week: {what: week, title: Week of the site, forms: [html, pdf, xlsx]}
branding: {name: ACME Drinks, logo: logo.svg, accent: "#1f5f8b",
           footer: "ACME Drinks, Riverside: for those who run the line, not for others"}

# ------------------------------------------------------- what is kept, and for how long
history:
  disk: 20 GB
  keep: {raw: 400 d, minutes: 10 y, hours: 20 y, events: 10 y}
  keep_where:
    - {where: "packaging/**/vibration", raw: 90 d} # fast, and old noise helps nobody
  backup: {to: ../backup, every: 1 d, keep: 3} # beside the data; `isthmus doctor` proves it

"""
