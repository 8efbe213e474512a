import { describe, expect, it } from "vitest";
import type { ReasonInfo, StopInfo } from "../src/api/contract";
import { below, called, fullTitle, likely, question } from "../src/draw/reasons";

const reason = (name: string, title: string, often = 0): ReasonInfo => ({ name, title, category: "breakdown", parent: name.includes("/") ? name.split("/")[0]! : "", often });
const TREE = [reason("jam", "Jam"), reason("jam/cap", "Cap", 4), reason("jam/film", "Film", 1), reason("people", "Nobody free")];
const guess = (name: string, confidence: number) => ({ reason: name, title: name, confidence, because: ["the machine tells"] });
const stop = (news: Partial<StopInfo>): StopInfo => ({ path: "a/capper", unit: "capper", start: 0, end: 360_000, seconds: 360, going: false, state: "held", counts: "ADOT", shift: "", reason: "", title: "", asks: true, alarm: "", also: [], version: 0, said: null, likely: null, ...news });

describe("reasons that are offered", () => {
  it("are the likely ones first, those that need no more words before those that do", () => {
    const found = likely(stop({ likely: guess("jam", 0.9), also: [guess("jam/cap", 0.4), guess("people", 0.35), guess("jam/film", 0.2)] }), TREE);
    expect(found.map((offer) => [offer.title, offer.opens])).toEqual([["Jam: Cap", false], ["Nobody free", false], ["Jam", true]]);
    expect(found[0]!.note).toBe("40 %: the machine tells");
    expect(likely(stop({}), TREE)).toEqual([]);
  });

  it("are the tree, with how often they were given with all that is below them", () => {
    expect(below(TREE, "").map((offer) => [offer.title, offer.note, offer.opens])).toEqual([["Jam", "5 this week", true], ["Nobody free", "", false]]);
    expect(below(TREE, "jam").map((offer) => offer.note)).toEqual(["4 this week", "1 this week"]);
    expect(below([reason("jam", "Jam"), reason("jam/cap", "Cap")], "")[0]!.note).toBe("Cap");
  });

  it("are called by what is above them, also where the plant has them no more", () => {
    expect(fullTitle(TREE, "jam/film")).toBe("Jam: Film");
    expect(fullTitle(TREE, "no_order")).toBe("no order");
    expect(called("person:anna")).toBe("anna");
    expect(called("owner")).toBe("owner");
  });

  it("answer a question", () => {
    const time = () => "10:52";
    const lasts = (ms: number) => `${ms / 60_000} min`;
    expect(question(stop({}), time, lasts)).toBe("Why did the capper stop at 10:52, for 6 min?");
    expect(question(stop({ going: true }), time, lasts)).toBe("Why does the capper stand since 10:52?");
  });
});
