/** Sample plant for drawing the pages without a site; served by `vite` only, never built. */
import type { EquipmentInfo, Interval, PlantInfo, Ribbon, TagInfo } from "../src/api/contract";

/** Tue 10 Nov 2026, 11:42:18 in Berlin. */
export const START = Date.UTC(2026, 10, 10, 10, 42, 18);
export const SHIFT = Date.UTC(2026, 10, 10, 5, 0, 0);
const BOOT = Date.now();
export const now = (): number => START + (Date.now() - BOOT);

const PACKML = { 2: "stopped", 4: "idle", 5: "suspended", 6: "execute", 11: "held" };
const CAUSE = { 0: "none", 1: "starved", 2: "blocked", 3: "micro_stop", 4: "breakdown", 5: "changeover", 6: "break" };
const LINE = "packaging/line1";
type Shape = [name: string, unit: string, range: [number, number], normal: [number, number], at: number, high?: number];
const UNITS: [string, string, Shape[]][] = [
  ["filler", "Filler", [["speed", "1/min", [0, 140], [110, 125], 118.4], ["bowl_pressure", "bar", [0, 4], [2.2, 2.6], 2.41], ["fill_volume", "mL", [490, 515], [498, 504], 500.3], ["motor_temperature", "degC", [0, 120], [40, 70], 58, 85], ["vibration", "mm/s", [0, 10], [0.6, 2.2], 1.3, 4.5], ["power", "kW", [0, 30], [16, 20], 18.3]]],
  ["capper", "RotaryCapper", [["speed", "1/min", [0, 140], [110, 125], 118.4], ["bearing_vibration", "mm/s", [0, 8], [0.8, 2.8], 1.62, 4.5], ["cap_torque", "N·m", [1, 2.6], [1.6, 2], 1.79], ["bearing_temperature", "degC", [20, 90], [45, 66], 61.2, 80], ["motor_current", "A", [0, 14], [6.5, 8.2], 7.84], ["reject_rate", "%", [0, 4], [0, 1.2], 0.4], ["power", "kW", [0, 10], [4.8, 5.9], 5.41]]],
  ["labeller", "Labeller", [["speed", "1/min", [0, 140], [110, 125], 118.2], ["label_offset", "mm", [-3, 3], [-1, 1], 0.3], ["film_left", "%", [0, 100], [15, 100], 41], ["power", "kW", [0, 10], [3.6, 4.6], 4.1]]],
  ["packer", "CasePacker", [["speed", "case/min", [0, 6.5], [4.6, 5.3], 4.93], ["glue_temperature", "degC", [100, 220], [158, 172], 164], ["cartons_left", "%", [0, 100], [10, 100], 62], ["power", "kW", [0, 16], [7, 9], 7.9]]],
  ["palletiser", "Palletiser", [["speed", "case/min", [0, 6.5], [4.6, 5.3], 4.92], ["pallet_fill", "case", [0, 60], [0, 60], 14], ["power", "kW", [0, 12], [5, 7], 6.2]]],
];
export const tags: TagInfo[] = [];
export const level = new Map<number, number>();

function tag(equipment: string, [name, unit, range, normal, at, high]: Shape, more: Partial<TagInfo> = {}): number {
  const id = tags.length + 1;
  tags.push({ id, path: `${equipment}/${name}`, name, equipment, unit, kind: "number", range, normal, limits: { low_low: null, low: null, high: high ?? null, high_high: null }, legend: {}, counter: false, writable: false, role: "", description: "", link: "filler-plc", specification: null, ...more });
  level.set(id, at);
  return id;
}

function equipment(path: string, title: string, type: string, ids: number[], more: Partial<EquipmentInfo> = {}): EquipmentInfo {
  return { path, name: path.split("/").at(-1) ?? path, title, level: "work_unit", type, tags: ids, headline: ids.slice(0, 3), state: null, cause: null, flow: [], buffers: [], ideal_rate_per_min: null, facts: {}, owners: {}, links: [], zone: "", children: [], ...more };
}

const units = UNITS.map(([name, type, shapes]) => {
  const path = `${LINE}/${name}`;
  const ids = shapes.map((shape) => tag(path, shape));
  const state = tag(path, ["state", "", [0, 17], [0, 17], 6], { kind: "enumeration", legend: PACKML, range: null, normal: null });
  const cause = tag(path, ["cause", "", [0, 8], [0, 8], 0], { kind: "enumeration", legend: CAUSE, range: null, normal: null });
  const good = tag(path, ["good_count", "pc", [0, 99999], [0, 0], 29806], { counter: true, range: null, normal: null });
  const product = tag(path, ["product", "", [0, 0], [0, 0], 0], { kind: "text", range: null, normal: null });
  return equipment(path, name.charAt(0).toUpperCase() + name.slice(1), type, [...ids, state, cause, good, product], { state, cause, facts: { serial: "C-2017-112", built: 2017 }, owners: { ot: "shift-lead", it: "data-team" }, links: [`${name}-plc`], zone: "line1" });
});
const meter = equipment(`${LINE}/meter`, "Main meter", "Meter", [tag(`${LINE}/meter`, ["power", "kW", [0, 110], [70, 79], 74.6]), tag(`${LINE}/meter`, ["energy", "kWh", [0, 999999], [0, 0], 48213.4], { counter: true, range: null, normal: null })]);
const line = equipment(LINE, "Line 1", "", [], { level: "work_center", flow: units.map((unit) => unit.path), buffers: [200, 80, 150, 20], ideal_rate_per_min: 120, children: [...units, meter] });
const air = equipment("utilities/air/compressor", "Compressor", "LegacyCompressor", [tag("utilities/air/compressor", ["pressure", "bar", [0, 12], [6.4, 7.4], 6.9]), tag("utilities/air/compressor", ["power", "kW", [0, 45], [26, 34], 31.2]), tag("utilities/air/compressor", ["running", "", [0, 1], [0, 1], 1], { kind: "boolean", legend: { 0: "off", 1: "on" }, range: null, normal: null })], { facts: { built: 1998 } });

export const plant = (): PlantInfo => ({
  enterprise: "acme", site: "riverside", timezone: "Europe/Berlin", currency: "EUR", version: "0.1.0", now: now(), clock_rate: 1, tags,
  areas: [
    equipment("packaging", "Packaging", "", [], { level: "area", children: [line] }),
    equipment("utilities", "Utilities", "", [], { level: "area", children: [equipment("utilities/air", "Air", "", [], { level: "work_center", children: [air] })] }),
  ],
});

const M = 60_000;
/** [minutes after the shift's start, minutes long, state, cause, look] of the capper; the others follow it. */
const STOPS: [number, number, string, string, Interval["look"]][] = [
  [0, 8, "held", "changeover", "setup"], [74, 6, "suspended", "starved", "starved"], [132, 7, "stopped", "cap_jam", "stop"],
  [162, 2, "suspended", "starved", "starved"], [210, 30, "idle", "break", "break"], [271, 6, "stopped", "cap_jam", "stop"], [292, 6, "stopped", "cap_jam", "stop"],
];

/** Ribbons of all units since `from`. */
export function ribbons(): Ribbon[] {
  return units.map((unit, place) => {
    const intervals: Interval[] = [];
    let at = SHIFT;
    for (const [start, length, state, cause, look] of STOPS) {
      const own = place === 1 || look === "setup" || look === "break";
      const begin = SHIFT + (start + (own ? 0 : Math.abs(place - 1))) * M;
      intervals.push({ start: at, end: begin, state: "execute", cause: "", look: "run" });
      at = begin + length * M;
      intervals.push({ start: begin, end: at, state: own ? state : "suspended", cause: own ? cause : place < 1 ? "blocked" : "starved", look: own ? look : place < 1 ? "blocked" : "starved" });
    }
    intervals.push({ start: at, end: now(), state: "execute", cause: "", look: "run" });
    return { path: unit.path, title: unit.title, intervals: intervals.filter((one) => one.end > one.start), stops: intervals.filter((one) => one.look === "stop").length, known: true };
  });
}

/** Repeatable noise in [-1, 1]. */
export function noise(seed: number): number {
  const value = Math.sin(seed * 12.9898) * 43758.5453;
  return 2 * (value - Math.floor(value)) - 1;
}

/** The sample value of a tag at a plant time: its level, dropping while the line stands. */
export function valueAt(id: number, time: number): number {
  const info = tags[id - 1];
  const at = level.get(id) ?? 0;
  if (!info || info.kind !== "number") return at;
  const minutes = (((time - SHIFT) / M) % 480 + 480) % 480;
  if (info.counter) return Math.round(at * 10 + (time - START) / 500) / 10;
  const stands = STOPS.some(([start, length]) => minutes >= start && minutes < start + length);
  const moving = /speed|power|current|vibration/.test(info.name);
  const span = (info.normal?.[1] ?? 1) - (info.normal?.[0] ?? 0);
  return (stands && moving ? at * (info.name === "speed" ? 0 : 0.35) : at) + span * 0.12 * noise(id + Math.floor(time / 1000));
}
