import { describe, expect, it } from "vitest";
import { parsed, turned } from "../src/app/favourites";

describe("favourites", () => {
  it("are added at the end and removed by the same", () => {
    expect(turned(["a"], "b")).toEqual(["a", "b"]);
    expect(turned(["a", "b"], "a")).toEqual(["b"]);
  });

  it("are fifty at most, the oldest gives way", () => {
    const full = Array.from({ length: 50 }, (_, n) => `t${n}`);
    expect(turned(full, "new")).toHaveLength(50);
    expect(turned(full, "new").at(-1)).toBe("new");
  });

  it("survive whatever stands in the browser's storage", () => {
    for (const text of [null, "", "{", "1", '{"a":1}']) expect(parsed(text)).toEqual([]);
    expect(parsed('["a", 3, null, "b"]')).toEqual(["a", "b"]);
  });
});
