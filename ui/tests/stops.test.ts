import { describe, expect, it } from "vitest";
import type { Ribbon } from "../src/api/contract";
import { Site } from "../src/app/site";
import { stopsText } from "../src/draw/stops";
import { plant } from "../dev/sample-plant";

const ribbon = (path: string, stops: number, known = true): Ribbon => ({ path, title: "", intervals: [], stops, known });
const units = ["l/capper", "l/filler"].map((path) => ({ path, name: path.slice(2) }));

describe("stops in words", () => {
  it("count in the order of the units", () => {
    expect(stopsText([ribbon("l/filler", 1), ribbon("l/capper", 2)], units)).toBe("capper stopped twice, filler once inside");
    expect(stopsText([ribbon("l/filler", 13), ribbon("l/capper", 0)], units)).toBe("filler stopped 13 times inside");
  });
  it("say at least where not all is known", () => expect(stopsText([ribbon("l/capper", 1, false)], units)).toBe("capper stopped at least once inside"));
  it("say nothing of what is not told, and nothing of none", () => {
    for (const told of [[], [ribbon("l/capper", 0)], [ribbon("l/packer", 3)], [ribbon("l/capper", 0, false)]]) expect(stopsText(told, units)).toBe("");
  });
});

describe("the unit of a pen", () => {
  const site = new Site(plant());
  const line = site.line(null)!;
  it("is the nearest above that tells its state", () => {
    const unit = site.unitsOf(line)[0]!;
    expect(site.unitOf(unit.path)).toBe(unit.state === null ? undefined : unit);
    expect(site.unitOf("no/such")).toBeUndefined();
  });
});
