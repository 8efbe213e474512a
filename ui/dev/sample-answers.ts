/** Sample answers of the API; see sample-plant.ts. */
import type { BrowseNode, Energy, Kpi, LinkInfo, Links, Overview, Performance, Statistics } from "../src/api/contract";
import { SHIFT, noise, now, plant, ribbons, tags, valueAt } from "./sample-plant";

const H = 3_600_000;

function kpi(key: string, title: string, value: number, unit: string, digits: number, detail: string, more: Partial<Kpi> = {}): Kpi {
  return { key, title, value, unit, digits, detail, low: null, high: null, target: null, normal: null, formula: "", ...more };
}

export function overview(mode: string): Overview {
  const end = now();
  const time = Array.from({ length: 150 }, (_, row) => SHIFT + (row * (end - SHIFT)) / 149);
  const faults: Overview["attention"] = mode === "well" ? [] : [
    { priority: 2, title: "Capper bearing vibration is high", detail: "4.62 mm/s, limit 4.50", advice: "look at the bearing before the late shift", since: end - 43 * 60_000, href: "/asset/packaging/line1/capper", alarm: "", unseen: false },
    { priority: 4, title: "Link meters does not answer", detail: "opening 10.4.3.9:502 timed out", advice: "check the cable and the gateway", since: end - 4 * 60_000, href: "/connections?link=meters", alarm: "", unseen: false },
  ];
  return {
    path: "packaging/line1", title: "Line 1", now: end, shift: "Early shift", shift_start: SHIFT, shift_end: SHIFT + 8 * H, state: "execute", state_since: end - 44 * 60_000, look: "run",
    figures: [
      kpi("rate", "Rate", 118.4, "1/min", 1, "normal 110 to 125", { normal: [110, 125] }), kpi("oee", "OEE this shift", 79.6, "%", 1, "target 78.0", { target: 78, normal: [71, 82] }),
      kpi("order", "Order JO-1042, still 0.5 L", 82.8, "% of 36,000", 1, "done at 12:34, due 13:00"), kpi("kwh_per_piece", "Energy per piece", 0.0124, "kWh", 4, "baseline 0.0139 ± 0.0003", { normal: [0.0136, 0.0142] }),
      kpi("power", "Power", 74.6, "kW", 1, "expected 70 to 79", { normal: [70, 79] }),
    ],
    attention: faults,
    count: { time, count: time.map((at) => ((at - SHIFT) / (end - SHIFT)) * 29806), plan: time.map((at) => ((at - SHIFT) / (8 * H)) * 42100) },
    power: { time, kw: time.map((at) => valueAt(tags.findIndex((tag) => tag.path.endsWith("meter/power")) + 1, at)), low: time.map(() => 70), high: time.map(() => 79) },
    orders: ["still", "sparkling", "lemon", "still"].map((product, row) => ({ order: `JO-${1042 + row}`, product, planned: [36000, 24000, 18000, 48000][row] ?? 0, done: row ? 0 : 29806, start: SHIFT + (1 + row * 8) * H, due: SHIFT + (8 + row * 12) * H, state: row ? "next" : "running" } as const)),
    ribbons: ribbons(),
  };
}

export function performance(window: string): Performance {
  const why = { oee: "availability × effectiveness × quality ratio (ISO 22400-2)", availability: "actual production time 268 min of planned busy time 312 min", effectiveness: "30,230 pieces at 120 /min against 268 min", quality_ratio: "29,806 good of 30,230" };
  const losses: [string, string, number, number][] = [["capper", "cap jam", 19, 3], ["line1", "speed below 120 /min", 16.1, 0], ["labeller", "film and size setup", 12, 2], ["filler", "starved, no bottles", 9, 2], ["packer", "carton magazine", 4, 1], ["line1", "scrap", 3.5, 0]];
  const total = losses.reduce((sum, [, , minutes]) => sum + minutes, 0);
  let sum = 0;
  return {
    path: "packaging/line1", window, start: SHIFT, end: now(), oee: kpi("oee", "OEE index", 79.6, "%", 1, "target 78.0", { target: 78, normal: [71, 82] }), availability: kpi("availability", "Availability", 85.9, "%", 1, "268 of 312 min busy"),
    effectiveness: kpi("effectiveness", "Effectiveness", 94, "%", 1, "30,230 pc at 120 /min"), quality: kpi("quality", "Quality ratio", 98.6, "%", 1, "29,806 good, 424 scrap"), produced: 30230, good: 29806, scrap: 424,
    waterfall: [["Planned busy", 312, true, 100], ["Breakdown", 32, false, null], ["Setup", 12, false, null], ["Producing", 268, true, 85.9], ["Speed loss", 16.1, false, null], ["Net", 251.9, true, 80.7], ["Scrap", 3.5, false, null], ["Good", 248.4, true, 79.6]].map(([title, minutes, kept, percent]) => ({ title, minutes, kept, percent }) as Performance["waterfall"][number]),
    losses: losses.map(([unit, cause, minutes, stops]) => ({ unit, cause, minutes, pieces: minutes * 120, money: null, stops, cumulative_percent: (100 * (sum += minutes)) / total })),
    ribbons: ribbons(), why, data_percent: 99.2, notes: ["2 min without data count as unknown, not as running"],
  };
}

export function energy(window: string): Energy {
  const count = window === "day" ? 24 : window === "week" ? 168 : 720;
  const end = Math.floor(now() / H) * H;
  let cusum = 0;
  const hours = Array.from({ length: count }, (_, row) => {
    const start = end - (count - row) * H;
    const day = ((start / H + 1) % 24 + 24) % 24;
    const works = day >= 6 && day < 22;
    const in_baseline = row < count * 0.55;
    const pieces = works ? 6600 + 400 * noise(row) : 0;
    const expected = 17 + pieces * 0.0089;
    const kwh = expected * (in_baseline ? 1 : 0.9) + noise(row + 9) * 2;
    if (!in_baseline) cusum += kwh - expected;
    return { start, kwh, pieces, kwh_per_piece: works ? kwh / pieces : null, expected_kwh: expected, expected_low: expected - 3, expected_high: expected + 3, cusum_kwh: cusum, cusum_margin: 3 * Math.sqrt(row + 1), in_baseline };
  });
  const hour = Array.from({ length: 96 }, (_, row) => row / 4);
  const meters = [["compressor", 31.2, 35.8], ["filler", 18.3, 18.9], ["packer", 7.9, 8.2], ["palletiser", 6.2, 6.3], ["capper", 5.4, 5.1], ["labeller", 4.1, 4.2]] as const;
  return {
    path: "packaging/line1", window, start: end - count * H, end, per_piece: kpi("per_piece", "Energy per piece, 7 days", 0.0124, "kWh", 4, "", { low: 0.0122, high: 0.0126 }), baseline_per_piece: kpi("baseline", "Baseline at the same output", 0.0139, "kWh", 4, "", { low: 0.0136, high: 0.0142 }),
    saved: kpi("saved", "Saved since the pilot began", 966, "kWh", 0, "± 188, 10.8 % of baseline"), money: kpi("money", "in money", 174, "EUR", 0, "± 34, at 0.18 EUR/kWh"), co2: kpi("co2", "in CO2", 348, "kg", 0, "± 68, at 0.36 kg/kWh"), base_load: kpi("base_load", "Base load", 16.4, "kW", 1, "before: 24.8 kW"),
    hours, profile: { hour, now: hour.map((at) => (at >= 6 && at < 22 ? 74 : 16.4)), before: hour.map((at) => (at >= 6 && at < 22 ? 76 : 24.8)) },
    baseline: { base_kw: 17, kwh_per_piece: 0.0089, terms: [{ name: "base", value: 17, error: 0.6, t: 28, p: 0 }, { name: "good pieces", value: 0.0089, error: 0.0002, t: 44, p: 0 }], r2: 0.93, cv_percent: 6.1, hours: 90, effective_hours: 71, start: end - count * H, end: end - count * 0.45 * H },
    meters: meters.map(([name, kw, expected_kw]) => ({ path: `packaging/line1/${name}`, title: name, kw, expected_kw, kwh: kw * 5, kwh_per_piece: kw / 6600, quality: name === "palletiser" ? 0x40900000 : 0 })),
    why: { per_piece: "kWh of the main meter / good pieces of the palletiser", baseline: "kWh an hour = 17.0 + 0.0089 × good pieces, least squares over 90 hours" }, notes: [],
  };
}

export function links(mode: string): Links {
  const names: [string, string, string, number, number][] = [["filler-plc", "opcua", "opc.tcp://127.0.0.1:4840", 38, 412], ["capper-plc", "modbus", "127.0.0.1:5020, unit 1", 42, 486], ["labeller-plc", "modbus", "127.0.0.1:5021, unit 1", 31, 155], ["packer", "sparkplug", "mqtt://127.0.0.1:1883 acme/packer", 29, 145], ["palletiser-plc", "opcua", "opc.tcp://127.0.0.1:4841", 24, 120], ["meters", "modbus", "127.0.0.1:5022, units 1 to 7", 50, 42], ["compressor-log", "file", "compressor.log", 4, 0.2]];
  const rows = names.map(([name, kind, endpoint, count, rate]): LinkInfo => {
    const bad = mode === "dead" || (mode === "fault" && name === "meters");
    return { name, kind, endpoint, zone: "line1", wire: kind === "opcua" ? "sign and encrypt" : "plain text, inside the zone", state: bad ? "down" : "up", since: now() - (bad ? 252_000 : 61 * 24 * H), tags: count, silent_tags: bad ? count : 0, rate: bad ? 0 : rate, rate_history: Array.from({ length: 60 }, (_, row) => rate * (1 + 0.04 * noise(row + count))), lag_p95_s: bad ? null : 0.2 + count / 300, queue: 0, oldest_s: 0, lost: 0, late: bad ? 118 : 0, corrected: 0, good_percent: bad ? 91.2 : 100, error: bad ? "opening 10.4.3.9:502 timed out after 3 s" : "", hint: bad ? "check the cable and the gateway, then its IP address in plant.yaml" : "", next_try_s: bad ? 8 : null, counts: { reads: 48213, reconnects: bad ? 12 : 0 }, edge: "", uplink_lag_s: null, can_browse: kind === "opcua" };
  });
  return {
    now: now(), links: rows, stored: 4_812_330, lost: 0, rejected: 3, late: 118, corrected: 0,
    path: [{ name: "device", rate: 1240, delay_s: 0.05 }, { name: "read", rate: 1240, delay_s: 0.09 }, { name: "transform", rate: 618, delay_s: 0.01, detail: "deadband" }, { name: "stream", rate: 618, delay_s: 0.1, detail: "0.4 MB/min", queued: 0, fill_percent: 3 }, { name: "historian", rate: 618, delay_s: 0.12, detail: "2.1 B a sample" }, { name: "live page", rate: 4, delay_s: 0.41 }].map((step) => ({ detail: "", queued: null, fill_percent: null, state: "up", ...step }) as Links["path"][number]),
  };
}

export function browse(node: string): BrowseNode[] {
  if (!node) return [{ address: "Objects", name: "Objects", kind: "folder", data_type: "", unit: "", value: "", tag: "" }];
  if (node === "Objects") return [{ address: "Filler", name: "Filler", kind: "folder", data_type: "", unit: "", value: "", tag: "" }];
  return ["Speed", "BowlPressure", "FillVolume", "Head07"].map((name, row) => ({ address: `ns=2;s=Filler.${name}`, name, kind: "variable", data_type: "Double", unit: "", value: String(row * 3.7), tag: row === 0 ? "packaging/line1/filler/speed" : "" }));
}

export function statistics(ids: number[], from: number, to: number): Statistics[] {
  return ids.map((tag) => {
    const values = Array.from({ length: 200 }, (_, row) => valueAt(tag, from + (row * (to - from)) / 199));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return { tag, at_start: values[0] ?? null, at_end: values.at(-1) ?? null, min: Math.min(...values), mean, max: Math.max(...values), std: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length), min_time: null, max_time: null, growth: null, states: [], exact: true, samples: Math.round((to - from) / 1000), good_percent: 100 };
  });
}

export { plant };
