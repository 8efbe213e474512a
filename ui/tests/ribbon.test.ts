import { describe, expect, it } from "vitest";
import type { Interval, Look } from "../src/api/contract";
import { countLooks, layoutRibbon } from "../src/draw/ribbon";

const one = (start: number, end: number, look: Look, cause = ""): Interval => ({ start, end, state: look, cause, look });

describe("state ribbon", () => {
  it("fills the width without overlap", () => {
    const pieces = layoutRibbon([one(0, 40, "run"), one(40, 60, "stop"), one(60, 100, "run")], 0, 100, 200);
    expect(pieces.map(({ x, width }) => [x, width])).toEqual([[0, 80], [80, 40], [120, 80]]);
  });
  it("cuts to the range", () => {
    const pieces = layoutRibbon([one(-50, 50, "run"), one(50, 500, "stop")], 0, 100, 100);
    expect(pieces.map(({ x, width }) => [x, width])).toEqual([[0, 50], [50, 50]]);
  });
  it("melts neighbours of one look", () => expect(layoutRibbon([one(0, 50, "run"), one(50, 100, "run")], 0, 100, 100)).toHaveLength(1));
  it("keeps a stop visible that is thinner than a pixel", () => {
    const pieces = layoutRibbon([one(0, 50_000, "run"), one(50_000, 50_010, "stop"), one(50_010, 100_000, "run")], 0, 100_000, 100);
    const stop = pieces.find((piece) => piece.look === "stop");
    expect(stop?.width).toBeGreaterThanOrEqual(1.5);
    for (const [row, piece] of pieces.entries()) if (row) expect(piece.x).toBeGreaterThanOrEqual((pieces[row - 1]?.x ?? 0) + (pieces[row - 1]?.width ?? 0) - 0.02);
  });
  it("is bounded by the pixels, not by the intervals", () => {
    const many = Array.from({ length: 20_000 }, (_, row) => one(row, row + 1, row % 2 ? "stop" : "run"));
    expect(layoutRibbon(many, 0, 20_000, 100).length).toBeLessThan(210);
  });
  it("says nothing about an empty range", () => expect(layoutRibbon([one(0, 1, "run")], 5, 5, 100)).toEqual([]));
  it("counts what was not running", () => {
    const found = countLooks([one(0, 10, "run"), one(10, 20, "stop", "cap_jam"), one(30, 40, "stop", "cap_jam"), one(40, 50, "break")], 0, 35);
    expect([...found]).toEqual([["cap_jam", { count: 2, ms: 15 }]]);
  });
});
