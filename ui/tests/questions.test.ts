import { describe, expect, it } from "vitest";
import type { StopInfo } from "../src/api/contract";
import { SETTLE_MS, asked, meant, open } from "../src/app/questions";
import type { Word } from "../src/app/word";

const stop = (start: number, news: Partial<StopInfo> = {}) => ({ path: "a/filler", unit: "Filler", start, end: start + 900, asks: true, going: false, version: 0, ...news }) as StopInfo;
const word = (start: number, news: Partial<Word> = {}) => ({ key: "k", who: "anna", kind: "say", path: "a/filler", unit: "Filler", start, end: start + 900, made: 0, tries: 0, ...news }) as Word;
const no = () => false;

describe("the stops that wait for a reason", () => {
  const old = stop(1000);
  const newer = stop(3000);
  const going = stop(2000, { going: true });
  const told = stop(4000, { asks: false });

  it("come the newest first, what goes on before all, what was put off behind", () => {
    expect(open([old, newer, going, told], [], no, no)).toEqual([going, newer, old]);
    expect(open([old, newer, going], [], no, (one) => one === going)).toEqual([newer, old, going]);
  });

  it("are without those of which a word is on its way, unless it met an objection", () => {
    expect(open([old, newer], [word(3000)], no, no)).toEqual([old]);
    expect(open([old, newer], [word(3000, { objection: { overtaken: true, text: "", hint: "" } })], no, no)).toEqual([newer, old]);
  });

  it("are without those that were answered since the list was asked", () => {
    expect(open([old, newer], [], (one) => one === newer, no)).toEqual([old]);
  });
});

describe("the question", () => {
  const old = stop(1000);
  const newer = stop(3000);
  const known = [old, newer];

  it("is the first that waits, or what was chosen", () => {
    expect(asked(known, undefined, undefined, undefined, newer)).toBe(newer);
    expect(asked(known, old, undefined, undefined, newer)).toBe(old);
    const far = stop(1);
    expect(asked(known, far, far, undefined, newer)).toBe(far);
    expect(asked([], undefined, undefined, undefined, undefined)).toBeUndefined();
  });

  it("stays while a hand is at it, as it is known now, also where another stop comes", () => {
    const seen = stop(1000, { version: 0 });
    expect(asked(known, undefined, undefined, seen, newer)).toBe(old);
    expect(asked(known, newer, undefined, seen, newer)).toBe(newer); // chosen by hand
    expect(asked(known, undefined, undefined, stop(1000, { path: "a/capper" }), newer)).toBe(newer); // another machine was chosen
  });

  it("takes no touch that was meant for the one before", () => {
    expect(meant(undefined, 10)).toBe(true);
    expect(meant(1000, 1000 + SETTLE_MS - 1)).toBe(false);
    expect(meant(1000, 1000 + SETTLE_MS)).toBe(true);
  });
});
