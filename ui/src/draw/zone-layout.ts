/** Where zones and conduits are drawn: zones by level from top to bottom, ways between them at right angles. */

export interface ZoneShape {
  name: string;
  level: number;
  assets: readonly { name: string; address: string }[];
}

export interface WayShape {
  id: string;
  from: string;
  to: string;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** One zone as it is drawn: its box, the boxes of the assets that find room, and how many do not. */
export interface DrawnZone extends Box {
  name: string;
  row: number;
  assets: (Box & { name: string; address: string })[];
  hidden: number;
}

/** One way as it is drawn: the corners from its source to its target, and where its words begin. */
export interface DrawnWay {
  id: string;
  points: [number, number][];
  label: [number, number];
}

export interface Drawing {
  width: number;
  height: number;
  zones: DrawnZone[];
  ways: DrawnWay[];
  levels: { text: string; y: number }[];
}

const LEFT = 78;
const RIGHT_LANE = 26;
const GAP = 14;
const HEAD = 34;
const ASSET = { width: 112, height: 34, gap: 8 };
const FOOT = 10;
const LANE = 23;
const ENDS = 14;

/** The level's name at the left edge. */
export function levelText(level: number): string {
  return level === 3.5 ? "DMZ 3.5" : `Level ${level}`;
}

/** The drawing of `zones` and `ways` in `width` pixels; ways whose ends are unknown are left out. */
export function layOut(zones: readonly ZoneShape[], ways: readonly WayShape[], width: number): Drawing {
  const levels = [...new Set(zones.map((zone) => zone.level))].sort((one, other) => other - one);
  const rowOf = new Map(zones.map((zone) => [zone.name, levels.indexOf(zone.level)]));
  const known = ways.filter((way) => rowOf.has(way.from) && rowOf.has(way.to) && way.from !== way.to);
  const far = known.some((way) => Math.abs((rowOf.get(way.from) ?? 0) - (rowOf.get(way.to) ?? 0)) !== 1);
  const inner = Math.max(160, width - LEFT - (far ? RIGHT_LANE : 0));
  const lanes = levels.map((_, row) => known.filter((way) => laneOf(rowOf, way).includes(row)).length);
  const drawn: DrawnZone[] = [];
  const names: Drawing["levels"] = [];
  let y = 4;
  levels.forEach((level, row) => {
    const members = zones.filter((zone) => zone.level === level);
    const placed = placeRow(members, row, y, inner);
    names.push({ text: levelText(level), y: y + Math.max(...placed.map((zone) => zone.height)) / 2 });
    drawn.push(...placed);
    y += Math.max(...placed.map((zone) => zone.height)) + (lanes[row] ? 14 + LANE * (lanes[row] ?? 0) : row < levels.length - 1 ? 24 : 4);
  });
  const byName = new Map(drawn.map((zone) => [zone.name, zone]));
  return { width, height: y, zones: drawn, ways: route(known, byName, rowOf, LEFT + inner), levels: names };
}

/** Zones of one level side by side, each as wide as its share of the assets asks for. */
function placeRow(members: readonly ZoneShape[], row: number, y: number, inner: number): DrawnZone[] {
  const weight = members.map((zone) => 2.4 + Math.min(zone.assets.length, 5));
  const total = weight.reduce((sum, each) => sum + each, 0);
  const room = inner - GAP * (members.length - 1);
  let x = LEFT;
  const placed = members.map((zone, column) => {
    const width = (room * (weight[column] ?? 1)) / total;
    const fit = Math.max(1, Math.floor((width - 20 + ASSET.gap) / (ASSET.width + ASSET.gap)));
    const lines = Math.min(2, Math.ceil(Math.min(zone.assets.length, 2 * fit) / fit));
    const shown = zone.assets.slice(0, fit * lines);
    const each = Math.min(ASSET.width, width - 20);
    const found: DrawnZone = {
      name: zone.name, row, x, y, width, hidden: zone.assets.length - shown.length,
      height: HEAD + lines * (ASSET.height + ASSET.gap) + (zone.assets.length > shown.length ? 18 : 0) + FOOT - ASSET.gap,
      assets: shown.map((asset, place) => ({
        ...asset, width: each, height: ASSET.height,
        x: x + 10 + (place % fit) * (each + ASSET.gap), y: y + HEAD + Math.floor(place / fit) * (ASSET.height + ASSET.gap),
      })),
    };
    if (!zone.assets.length) found.height = HEAD;
    x += width + GAP;
    return found;
  });
  const tallest = Math.max(...placed.map((zone) => zone.height));
  return placed.map((zone) => ({ ...zone, height: tallest }));
}

/** The gaps, by the row above each, in which a way runs sideways. */
function laneOf(rowOf: ReadonlyMap<string, number>, way: WayShape): number[] {
  const from = rowOf.get(way.from) ?? 0;
  const to = rowOf.get(way.to) ?? 0;
  const upper = Math.min(from, to);
  const lower = Math.max(from, to);
  return lower - upper <= 1 ? [upper] : [upper, lower - 1];
}

function route(ways: readonly WayShape[], zones: ReadonlyMap<string, DrawnZone>, rowOf: ReadonlyMap<string, number>, right: number): DrawnWay[] {
  const used = new Map<number, number>();
  const ends = new Map<string, number>();
  for (const way of ways) for (const end of [way.from, way.to]) ends.set(end, (ends.get(end) ?? 0) + 1);
  const taken = new Map<string, number>();
  const lane = (row: number): number => {
    const number = used.get(row) ?? 0;
    used.set(row, number + 1);
    const below = [...zones.values()].filter((zone) => zone.row === row);
    return Math.max(...below.map((zone) => zone.y + zone.height)) + 18 + number * LANE;
  };
  const port = (name: string): number => {
    const zone = zones.get(name);
    if (!zone) return LEFT;
    const number = taken.get(name) ?? 0;
    taken.set(name, number + 1);
    return zone.x + ENDS + ((zone.width - 2 * ENDS) * (number + 0.5)) / (ends.get(name) ?? 1);
  };
  let outer = 0;
  return ways.flatMap((way) => {
    const from = zones.get(way.from);
    const to = zones.get(way.to);
    if (!from || !to) return [];
    const rows = laneOf(rowOf, way);
    const down = from.row <= to.row;
    const [start, end] = [port(way.from), port(way.to)];
    const edge = (zone: DrawnZone, row: number) => (zone.row === row ? zone.y + zone.height : zone.y);
    const first = down ? rows[0] ?? 0 : rows[rows.length - 1] ?? 0;
    const last = down ? rows[rows.length - 1] ?? 0 : rows[0] ?? 0;
    const one = lane(first);
    const points: [number, number][] = [[start, edge(from, first)], [start, one]];
    if (first === last) points.push([end, one]);
    else {
      const beside = right + 6 + (outer++ % 4) * 6;
      const other = lane(last);
      points.push([beside, one], [beside, other], [end, other]);
    }
    points.push([end, edge(to, last)]);
    return [{ id: way.id, points, label: [Math.min(start, points[2]?.[0] ?? start) + 6, one - 5] as [number, number] }];
  });
}
