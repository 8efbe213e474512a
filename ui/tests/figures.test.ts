import { describe, expect, it } from "vitest";
import { brief } from "../src/app/clock";
import { Site, lacking } from "../src/app/site";
import { countWord } from "../src/draw/counts";
import type { EquipmentInfo, PlantInfo, TagInfo } from "../src/api/contract";

const tag = (id: number, path: string, role: string): TagInfo => ({ id, path, name: path.split("/").at(-1) ?? "", equipment: path.split("/").slice(0, -1).join("/"), unit: "", kind: "number", range: null, normal: null, limits: { low_low: null, low: null, high: null, high_high: null }, legend: {}, counter: false, writable: false, role, description: "", link: "", specification: null });
const unit = (path: string, level: EquipmentInfo["level"], more: Partial<EquipmentInfo> = {}): EquipmentInfo => ({ path, name: path.split("/").at(-1) ?? "", title: "", level, type: "", tags: [], headline: [], state: null, cause: null, flow: [], buffers: [], ideal_rate_per_min: null, facts: {}, owners: {}, links: [], zone: "", children: [], ...more });

describe("what the plant file lacks", () => {
  const press = unit("a/line/press", "work_unit", { tags: [1] });
  const line = unit("a/line", "work_center", { flow: ["press"], children: [press] });
  const info: PlantInfo = { enterprise: "acme", site: "riverside", timezone: "Europe/Berlin", currency: "EUR", version: "0", now: 0, clock_rate: 1, areas: [unit("a", "area", { children: [line] })], tags: [tag(1, "a/line/press/speed", "speed")] };
  const site = new Site(info);
  it("is nothing where a unit has the tag", () => expect(lacking(site, line, "rate")).toBe(""));
  it("names the tag to add", () => expect(["oee", "power"].map((key) => lacking(site, line, key))).toEqual(["add a tag “state” to a unit in plant.yaml", "add a tag “power” to a unit in plant.yaml"]));
  it("is nothing for what needs no tag", () => expect(lacking(site, line, "order")).toBe(""));
});

describe("short words", () => {
  it("drops the seconds from a minute on", () => expect([16_000, 115_000, 8_839_000].map(brief)).toEqual(["16 s", "1 min", "2 h 27 min"]));
  it("says what is counted, also what it does not know", () => expect([countWord("requests"), countWord("new_kind")]).toEqual(["requests sent", "new kind"]));
});
