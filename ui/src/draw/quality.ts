/** OPC UA status codes (Part 8, annex A) as the words and looks of a value. */
export type Quality = "good" | "calculated" | "uncertain" | "stale" | "bad" | "none";

const WORDS: Record<number, string> = {
  0x40900000: "last usable value",
  0x40910000: "substitute value",
  0x40920000: "initial value",
  0x40930000: "sensor not accurate",
  0x40940000: "engineering units exceeded",
  0x40950000: "too few good inputs",
  0x80310000: "no communication",
  0x80320000: "waiting for the first value",
  0x80340000: "address unknown",
  0x80390000: "address unknown",
  0x803a0000: "not readable",
  0x80740000: "wrong type",
  0x80890000: "configuration error",
  0x808a0000: "not connected",
  0x808b0000: "device failure",
  0x808c0000: "sensor failure",
  0x808d0000: "out of service",
  0x803c0000: "out of range",
};

const WAITING = 0x80320000;
const LAST_USABLE = 0x40900000;
const NO_LINK = new Set([0x80310000, 0x808a0000]);

/** How to draw a value of this status code: a lost link with a held value is stale, not bad. */
export function qualityOf(code: number, value: number | null): Quality {
  const status = (code & 0xffff0000) >>> 0;
  if (status < 0x40000000) return value === null ? "none" : "good";
  if (status === WAITING) return "none";
  if (status === LAST_USABLE || (NO_LINK.has(status) && value !== null)) return "stale";
  return status < 0x80000000 ? "uncertain" : value === null && NO_LINK.has(status) ? "none" : "bad";
}

/** The reason as words, empty for good. */
export function reasonOf(code: number): string {
  const status = (code & 0xffff0000) >>> 0;
  if (status < 0x40000000) return "";
  return WORDS[status] ?? (status < 0x80000000 ? "uncertain" : "bad");
}
