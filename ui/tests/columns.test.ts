import { describe, expect, it } from "vitest";
import { decodeColumns, fromJson } from "../src/api/columns";

/** Encodes as the API's contract says, independently of the decoder's arithmetic. */
function encode(pens: { tag: number; rows: number[][] }[], note = ""): ArrayBuffer {
  const header = new TextEncoder().encode(JSON.stringify({
    start: 1, end: 2, note,
    pens: pens.map(({ tag, rows }) => ({ tag, raw: true, rows: rows.length, samples: rows.length, good_percent: 100, last: null })),
  }));
  const padding = (8 - ((4 + header.length) % 8)) % 8;
  const numbers = pens.flatMap(({ rows }) => [0, 1, 2, 3].flatMap((column) => rows.map((row) => row[column] ?? NaN)));
  const bytes = new ArrayBuffer(4 + header.length + padding + numbers.length * 8);
  const view = new DataView(bytes);
  view.setUint32(0, header.length, true);
  new Uint8Array(bytes, 4).set(header);
  numbers.forEach((value, row) => view.setFloat64(4 + header.length + padding + row * 8, value, true));
  return bytes;
}

describe("trend columns", () => {
  for (let length = 0; length < 8; length += 1) {
    it(`reads pens behind a header padded by any amount (${length})`, () => {
      const trends = decodeColumns(encode([{ tag: 7, rows: [[10, 1, 3, 2], [20, NaN, NaN, NaN]] }, { tag: 8, rows: [] }, { tag: 9, rows: [[5, 6, 7, 8]] }], "x".repeat(length)));
      expect(trends.pens.map((pen) => pen.tag)).toEqual([7, 8, 9]);
      expect([...(trends.pens[0]?.time ?? [])]).toEqual([10, 20]);
      expect([...(trends.pens[0]?.mean ?? [])]).toEqual([2, NaN]);
      expect([...(trends.pens[2]?.max ?? [])]).toEqual([7]);
    });
  }
  it("refuses what is cut off anywhere", () => {
    const whole = encode([{ tag: 1, rows: [[1, 2, 3, 4]] }]);
    for (let size = 0; size < whole.byteLength; size += 1) expect(() => decodeColumns(whole.slice(0, size))).toThrow();
  });
  it("reads the JSON answer alike", () => {
    const trends = fromJson({ start: 0, end: 1, pens: [{ tag: 1, raw: false, time: [1], min: [null], max: [2], mean: [1.5], samples: 1, good_percent: 50, last: null, quality: [], late: [{ start: 0.2, end: 0.4, samples: 3 }] }] });
    expect([...(trends.pens[0]?.min ?? [])]).toEqual([NaN]);
    expect(trends.pens[0]?.mean[0]).toBe(1.5);
  });
});
