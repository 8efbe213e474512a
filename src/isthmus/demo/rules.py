"""The rules of the demo plant: what is to be done without being asked."""

RULES = """\
# ------------------------------------------------------- rules: what is done without being asked
rules: # `isthmus rule test idle_air` says how often one would have fired
  idle_air:
    title: compressed air while the line stands
    at: utilities/air/compressor
    when: running and "packaging/line1/filler/state" != execute
    for: 2 min
    at_most_every: 2 h
    then:
      - event: the compressor runs while the filler stands
  worn_bearing:
    title: the capper's bearing wears
    at: packaging/line1/capper
    when: mean(bearing_vibration, 30 min) > bearing_vibration.normal.high
    deadband: 0.3 mm/s
    at_most_every: 1 d
    then:
      - work_order: {title: new main bearing for the capper, priority: high,
                     text: "it shakes more than it should; plan it before the next shift"}
      - notify: [maintenance]
  poor_hour:
    title: an hour far below its goal
    at: packaging/line1
    when: kpi(oee_index, 1 h) < 60 %
    deadband: 5 %
    at_most_every: 1 h
    then:
      - notify: [shift-lead]
  long_stop:
    title: the capper stands long by its own fault
    at: packaging/line1/capper
    when: lasted(state() == stop) > 5 min
    then:
      - event: the capper has stood for five minutes
  nobody_looks:
    title: alarms that nobody looks at
    at: packaging/line1
    when: unacknowledged(high) > 0 for 5 min
    at_most_every: 30 min
    then:
      - notify: [shift-lead, maintenance]
  ease_off:
    title: slower while the capper's bearing shakes
    at: packaging/line1/filler
    when: '"capper/bearing_vibration" > "capper/bearing_vibration".limits.high for 1 min'
    until: '"capper/bearing_vibration" < "capper/bearing_vibration".normal.high for 5 min'
    at_most_every: 1 h
    then:
      - write: {tag: setpoint, value: 100, reason: the capper's bearing shakes}
  weak_point:
    title: something to mend of the plant's security
    at: packaging/line1
    when: findings(security) > 0 for 10 min
    at_most_every: 1 d
    then:
      - notify: [security]
"""
