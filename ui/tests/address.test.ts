import { beforeAll, describe, expect, it } from "vitest";
import { address } from "../src/api/get";
import { clock } from "../src/app/clock";
import { fieldText, fieldTime, parseRange, rangeText } from "../src/app/range";
import { parseRoute } from "../src/app/route";
import { Site, assetHref, tail } from "../src/app/site";
import { sqlOf } from "../src/draw/sql";
import { plant } from "../dev/sample-plant";

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 10, 10, 42, 18);

beforeAll(() => clock.setZone("Europe/Berlin"));

describe("the address", () => {
  it("is the plant when it is empty", () => expect(parseRoute("/", "").page).toBe("plant"));
  it("keeps an asset's path, also with odd names", () => {
    const route = parseRoute(assetHref("packaging/line 1/fill%er"), "?tag=speed");
    expect([route.page, route.rest, route.query.get("tag")]).toEqual(["asset", "packaging/line 1/fill%er", "speed"]);
  });
  it("leaves out what is not asked", () => expect(address("/api/history", { tags: "1,2", from: undefined, to: 5 })).toBe("/api/history?tags=1%2C2&to=5"));
});

describe("ranges", () => {
  it("follow the clock by name", () => expect(parseRange("3h", NOW, {})).toEqual({ from: NOW - 3 * HOUR, to: NOW, follows: true, name: "3h", begun: false }));
  it("begin with the shift where it is known", () => {
    expect(parseRange("shift", NOW, { shift: NOW - HOUR }).from).toBe(NOW - HOUR);
    expect(parseRange("shift", NOW, { order: NOW - HOUR }).from).toBe(NOW - 8 * HOUR);
  });
  it("begin with the order that runs, and say where none is known", () => {
    expect(parseRange("order", NOW, { shift: NOW, order: NOW - 9 * HOUR })).toEqual({ from: NOW - 9 * HOUR, to: NOW, follows: true, name: "order", begun: true });
    for (const order of [undefined, NOW + HOUR]) expect(parseRange("order", NOW, { order })).toEqual({ from: NOW - 8 * HOUR, to: NOW, follows: true, name: "order", begun: false });
  });
  it("stand still between two times, and come back from the address", () => {
    const range = parseRange(rangeText(NOW - HOUR, NOW), NOW + HOUR, {});
    expect(range).toEqual({ from: NOW - HOUR, to: NOW, follows: false, name: "", begun: false });
  });
  it("fall back on nonsense", () => {
    for (const text of ["x", "5-4", `${NOW}-${NOW - 1}`, ""]) expect(parseRange(text, NOW, {}).name).toBe("1h");
  });
  it("come back from the fields, in local time, also around the change to winter time", () => {
    for (const time of [NOW, Date.UTC(2026, 9, 24, 23, 30), Date.UTC(2026, 9, 25, 3, 0)]) expect(fieldTime(fieldText(time))).toBe(time);
    expect(fieldText(NOW)).toBe("2026-11-10T11:42:18");
    expect(fieldTime("")).toBeNaN();
  });
});

describe("the plant's index", () => {
  const site = new Site(plant());
  it("orders a line's units as the material flows", () => {
    const line = site.line(null);
    expect(line && site.unitsOf(line).map((unit) => unit.name)).toEqual(["filler", "capper", "labeller", "packer", "palletiser"]);
  });
  it("knows what is not in a line", () => expect(site.assets().map((asset) => asset.name).slice(5)).toEqual(["meter", "compressor"]));
  it("counts tags with all below", () => expect([...site.info.areas].reduce((sum, area) => sum + site.count(area), 0)).toBe(site.info.tags.length));
  it("finds the line of a unit, of the line itself, and none of what stands in none", () => {
    const line = site.line(null);
    expect([`${line?.path}/capper`, line?.path ?? ""].map((path) => site.lineOf(path)?.path)).toEqual([line?.path, line?.path]);
    expect(site.lineOf("utilities/compressor")).toBeUndefined();
    expect(site.lineOf("no/such")).toBeUndefined();
  });
  it("shortens paths to what people say", () => expect(tail("packaging/line1/capper/speed")).toBe("capper/speed"));
});

describe("the same picture in SQL", () => {
  it("quotes names and bounds time", () => {
    const text = sqlOf(["a/it's"], NOW - HOUR, NOW, 3600);
    expect(text).toContain("'a/it''s'");
    expect(text).toContain("interval '1 seconds'");
    expect(text).toContain("time < '2026-11-10 10:42:18+00'");
  });
});
