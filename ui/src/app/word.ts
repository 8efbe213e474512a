/** What a person says of stops, on its way to the site: words that wait, and what becomes of them. */
import type { Said } from "../api/contract";
import { listed } from "./kept";

/** How many words wait at most; then no more are taken, so that none is lost. */
export const MOST = 50;

/** Why a word did not pass: somebody else spoke first, or it cannot be. */
export interface Objection {
  overtaken: boolean;
  text: string;
  hint: string;
}

/** One word; `key` makes it count once, `who` is the only one in whose name it is sent. */
export interface Word {
  key: string;
  who: string;
  kind: "say" | "cut" | "undo";
  path: string;
  unit: string;
  /** The stop that it is about, ms. */
  start: number;
  end: number;
  version?: number;
  reason?: string;
  title?: string;
  comment?: string;
  /** Where a stop is cut, ms. */
  at?: number;
  /** What is taken back: by number, or by key where that has no number yet. */
  number?: number;
  of?: string;
  /** When it was said, by this device's clock, ms. */
  made: number;
  tries: number;
  objection?: Objection;
}

/** A key that nobody else has. Browsers know `randomUUID` on encrypted pages alone. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function isWord(item: unknown): item is Word {
  const word = item as Partial<Word> | null;
  return typeof word?.key === "string" && typeof word.who === "string" && typeof word.path === "string" && typeof word.start === "number"
    && (word.kind === "say" || word.kind === "cut" || word.kind === "undo");
}

/** The words in `text`, as a browser kept them. */
export function parseWords(text: string | null): Word[] {
  return listed(text, isWord, MOST);
}

/** Whether both are about one stop. */
export function sameStop(one: Pick<Word, "path" | "start">, other: Pick<Word, "path" | "start">): boolean {
  return one.path === other.path && one.start === other.start;
}

/**
 * `words` with `word` behind them; undefined where there is no room.
 *
 * A reason that was never tried is replaced by a later one of the same stop, and is gone where that is taken back.
 * What would take back a word that is gone goes with it: it would wait for ever.
 */
export function withWord(words: readonly Word[], word: Word): Word[] | undefined {
  if (word.kind === "undo" && word.of) {
    const base = words.find((one) => one.key === word.of);
    if (base && base.tries === 0) return words.filter((one) => one !== base);
  }
  const kept = words.filter((one) => !(word.kind === "say" && one.kind === "say" && one.who === word.who && sameStop(one, word) && (one.tries === 0 || one.objection)));
  const all = [...kept, word];
  const whole = all.filter((one) => !one.of || one.number !== undefined || all.some((other) => other.key === one.of));
  return kept.length < MOST ? whole : undefined;
}

/** `words` once the site has kept that of `key` as `number`, and the stop is at `version`: what follows it there builds on it. */
export function afterAnswer(words: readonly Word[], key: string, number: number, version = number): Word[] {
  const done = words.find((one) => one.key === key);
  return words.filter((one) => one.key !== key).map((one) => {
    if (!done || one.who !== done.who || !sameStop(one, done)) return one;
    const base = one.of === key ? { number } : {};
    return one.version === done.version || one.of === key ? { ...one, ...base, version } : one;
  });
}

/** That a word of `who` brought what it touches from `start` to `end` to `version`; a `cut` also what ends at its start. */
export interface Step {
  who: string;
  path: string;
  start: number;
  end: number;
  cut: boolean;
  version: number;
}

/** What the site answered to `word`, as far as later words about the same time have to know it. */
export function stepOf(word: Word, said: Pick<Said, "start" | "end" | "reason" | "version">): Step {
  return { who: word.who, path: word.path, start: said.start, end: said.end, cut: !said.reason, version: said.version };
}

/** The version of `stop` after `steps`, by the rule of the site: it may be newer than the list in which the stop stands. */
export function versionOf(steps: readonly Step[], stop: Pick<Word, "path" | "start" | "end">): number {
  const touching = steps.filter((one) => one.path === stop.path && one.end > stop.start && (one.start < stop.end || (one.cut && one.start === stop.end)));
  return Math.max(0, ...touching.map((one) => one.version));
}

/** `word`, told of what its own speaker said of the stop since the list was asked; not of what others said. */
export function upToDate(word: Word, steps: readonly Step[]): Word {
  const own = versionOf(steps.filter((one) => one.who === word.who), word);
  return word.version !== undefined && word.version < own ? { ...word, version: own } : word;
}

/** `words` without that of `key`, nor what would take it back. */
export function without(words: readonly Word[], key: string): Word[] {
  return words.filter((one) => one.key !== key && one.of !== key);
}

/** The next word of `who` to send, in the order in which they were said. */
export function nextWord(words: readonly Word[], who: string): Word | undefined {
  return words.find((one) => one.who === who && !one.objection && (one.kind !== "undo" || one.number !== undefined));
}

/** Where the word goes, and what is sent. */
export function request(word: Word, now: number): { path: string; body: Record<string, unknown> } {
  const waited = Math.max(0, Math.round((now - word.made) / 100) / 10);
  const how = { key: word.key, who: word.who, waited: waited < 2 ? 0 : Math.min(waited, 31_536_000), ...(word.version === undefined ? {} : { version: word.version }) };
  if (word.kind === "undo") return { path: "/api/stops/undo", body: { ...how, number: word.number } };
  if (word.kind === "cut") return { path: "/api/stops/split", body: { ...how, path: word.path, at: word.at } };
  return { path: "/api/stops", body: { ...how, path: word.path, start: word.start, reason: word.reason, comment: word.comment ?? "" } };
}

/** The word as a sentence: "filler, 10:52: Jam". */
export function sentence(word: Word, time: (ms: number) => string): string {
  const what = word.kind === "say" ? word.title ?? word.reason ?? "" : word.kind === "cut" ? `cut in two at ${time(word.at ?? 0)}` : `taken back${word.title ? `: ${word.title}` : ""}`;
  return `${word.unit}, ${time(word.start)}: ${what}`;
}
