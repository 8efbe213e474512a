import { describe, expect, test } from "vitest";
import { layOut, levelText } from "../src/draw/zone-layout";

const asset = (name: string) => ({ name, address: "10.4.1.20" });
const ZONES = [
  { name: "line1", level: 2, assets: Array.from({ length: 30 }, (_, row) => asset(`plc${row}`)) },
  { name: "utilities", level: 2, assets: [asset("meter")] },
  { name: "site", level: 3, assets: [asset("isthmus")] },
  { name: "business", level: 4, assets: [] },
];
const WAYS = [
  { id: "a", from: "site", to: "line1" },
  { id: "b", from: "site", to: "business" },
  { id: "c", from: "business", to: "utilities" },
  { id: "d", from: "line1", to: "utilities" },
  { id: "lost", from: "site", to: "nowhere" },
];

describe("zones and conduits", () => {
  const drawing = layOut(ZONES, WAYS, 742);

  test("stand by level, the highest on top, none over another", () => {
    const top = (name: string) => drawing.zones.find((zone) => zone.name === name)!;
    expect(top("business").y).toBeLessThan(top("site").y);
    expect(top("site").y).toBeLessThan(top("line1").y);
    expect(top("line1").y).toBe(top("utilities").y);
    for (const one of drawing.zones) for (const other of drawing.zones)
      if (one !== other) expect(one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y).toBe(true);
  });

  test("stay within the picture, and assets within their zone", () => {
    for (const zone of drawing.zones) {
      expect(zone.x + zone.width).toBeLessThanOrEqual(drawing.width);
      for (const found of zone.assets) {
        expect(found.x + found.width).toBeLessThanOrEqual(zone.x + zone.width);
        expect(found.y + found.height).toBeLessThanOrEqual(zone.y + zone.height);
      }
    }
    for (const way of drawing.ways) for (const [x, y] of way.points) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(drawing.width);
      expect(y).toBeLessThanOrEqual(drawing.height);
    }
  });

  test("say how many assets found no room", () => {
    const line = drawing.zones.find((zone) => zone.name === "line1")!;
    expect(line.assets.length + line.hidden).toBe(30);
    expect(line.hidden).toBeGreaterThan(0);
  });

  test("are joined at right angles from edge to edge, and unknown ends are left out", () => {
    expect(drawing.ways.map((way) => way.id)).toEqual(["a", "b", "c", "d"]);
    for (const way of drawing.ways) way.points.slice(1).forEach(([x, y], place) => {
      const [px, py] = way.points[place]!;
      expect(x === px || y === py).toBe(true);
    });
  });

  test("two ways never share a lane", () => {
    const lanes = drawing.ways.map((way) => way.points[1]![1]);
    expect(new Set(lanes).size).toBe(lanes.length);
  });

  test("nothing to draw is an empty picture", () => {
    expect(layOut([], [], 400).zones).toEqual([]);
    expect(levelText(3.5)).toBe("DMZ 3.5");
  });
});
