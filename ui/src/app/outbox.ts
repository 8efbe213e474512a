/** Words about stops that wait for the site: kept in this browser, sent in order, counted once. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Said, StopInfo } from "../api/contract";
import { ApiError, ask } from "../api/get";
import { type Step, type Word, afterAnswer, nextWord, parseWords, request, stepOf, upToDate, versionOf, withWord, without } from "./word";

const KEY = "isthmus-words";
const RETRY_MS = [1000, 2000, 4000, 8000, 15_000];
const PATIENCE_MS = 10_000;
const BUSY = new Set([0, 408, 429]);
const ANOTHER = 412;
const MOST_STEPS = 100;

/** What the site took last, as long as it can be taken back with one touch. */
export interface Done {
  word: Word;
  said: Said;
  at: number;
}

/** The words of everybody at this browser; sends those of who is signed in. */
export class Outbox {
  words: readonly Word[] = parseWords(localStorage.getItem(KEY));
  done: Done | undefined;
  /** Why the last try failed; empty while the site answers. */
  trouble = "";
  /** False where this browser keeps nothing: words then live as long as the page. */
  kept = true;
  /** In whose name words are sent; empty where it is not known. */
  who = "";
  private steps: readonly Step[] = [];
  private readonly heard = new WeakSet<object>();
  private failures = 0;
  private sending = false;
  private timer = 0;

  constructor() {
    const flush = () => void this.flush();
    for (const name of ["online", "isthmus-back"]) window.addEventListener(name, flush);
    window.addEventListener("storage", (event) => {
      if (event.key !== KEY) return;
      const before = this.words;
      this.words = parseWords(event.newValue);
      this.tell();
      const gone = before.some((word) => !this.words.some((one) => one.key === word.key));
      if (gone) window.dispatchEvent(new Event("isthmus-said")); // another window was answered: the list is older
    });
  }

  /** From now on the words of `who` are sent, as `answer` of the site tells; each answer is heard once, so that an old one changes nothing. */
  enter(who: string, answer: object): void {
    if (this.heard.has(answer)) return;
    this.heard.add(answer);
    if (who === this.who) return;
    this.who = who;
    this.done = undefined;
    this.trouble = "";
    this.tell();
    void this.flush();
  }

  /** Whether something was said here of `stop` that the list in which it stands does not know yet. */
  ahead(stop: Pick<StopInfo, "path" | "start" | "end" | "version">): boolean {
    return versionOf(this.steps, stop) > (stop.version ?? 0);
  }

  /** Takes `word` and sends it; false where too many wait already. */
  put(word: Word): boolean {
    const { done } = this;
    const taken = word.of && done?.word.key === word.of ? { number: done.said.number, version: done.said.version } : {};
    const words = withWord(this.read(), upToDate({ ...word, ...taken }, this.steps));
    if (!words) return false;
    this.keep(words);
    void this.flush();
    return true;
  }

  /** Forgets the word of `key`. */
  drop(key: string): void {
    this.keep(without(this.read(), key));
  }

  /** Sends what can be sent; what cannot waits for the next try. */
  async flush(): Promise<void> {
    if (this.sending) return;
    clearTimeout(this.timer);
    this.sending = true;
    try {
      for (let word = nextWord(this.read(), this.who); word; word = nextWord(this.read(), this.who)) {
        if (!(await this.deliver(word))) break;
      }
    } finally {
      this.sending = false;
      this.tell();
    }
  }

  /** Forgets that something was just said. */
  settle(): void {
    this.done = undefined;
    this.tell();
  }

  private async deliver(word: Word): Promise<boolean> {
    this.change(word.key, { tries: word.tries + 1 });
    const { path, body } = request(word, Date.now());
    try {
      const answer = await ask(path, AbortSignal.timeout(PATIENCE_MS), "application/json", "POST", body);
      const said = (await answer.json()) as Said;
      this.steps = [...this.steps, stepOf(word, said)].slice(-MOST_STEPS);
      this.keep(afterAnswer(this.read(), word.key, said.number, said.version));
      this.done = { word, said, at: Date.now() };
      this.failures = 0;
      this.trouble = "";
      window.dispatchEvent(new Event("isthmus-said"));
      return true;
    } catch (cause) {
      return this.failed(word, cause);
    }
  }

  /** Whether the next word may be tried. */
  private failed(word: Word, cause: unknown): boolean {
    const status = cause instanceof ApiError ? cause.status : 0;
    const text = cause instanceof ApiError ? cause.message : "the site does not answer";
    if (status === 401) {
      this.trouble = "not signed in";
      window.dispatchEvent(new Event("isthmus-signed-out"));
      return false;
    }
    if (status === ANOTHER) return this.stranger(word);
    if (BUSY.has(status) || status >= 500) {
      this.trouble = text;
      const wait = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)] ?? 15_000;
      this.timer = window.setTimeout(() => void this.flush(), wait);
      return false;
    }
    if (this.read().some((one) => one.of === word.key)) this.drop(word.key); // it was taken back meanwhile
    else this.change(word.key, { objection: { overtaken: status === 409, text, hint: cause instanceof ApiError ? cause.hint : "" } });
    window.dispatchEvent(new Event("isthmus-said"));
    return true;
  }

  /** Somebody else signed in at this browser: the word waits, until it is known who it is. */
  private stranger(word: Word): boolean {
    this.trouble = "somebody else is signed in";
    if (this.who !== word.who) return true;
    this.who = "";
    window.dispatchEvent(new Event("isthmus-who"));
    return false;
  }

  private change(key: string, news: Partial<Word>): void {
    this.keep(this.read().map((one) => (one.key === key ? { ...one, ...news } : one)));
  }

  private read(): readonly Word[] {
    return this.kept ? parseWords(localStorage.getItem(KEY)) : this.words;
  }

  private keep(words: readonly Word[]): void {
    this.words = words;
    try {
      localStorage.setItem(KEY, JSON.stringify(words));
      this.kept = true;
    } catch {
      this.kept = false;
    }
    this.tell();
  }

  private tell(): void {
    window.dispatchEvent(new Event("isthmus-outbox"));
  }
}

export const outbox = new Outbox();

/** Draws its host again whenever words come, go or meet an objection; `said` is called when the site knows more. */
export class FollowOutbox implements ReactiveController {
  constructor(private readonly host: ReactiveControllerHost, private readonly said: () => void = () => undefined) {
    host.addController(this);
  }

  hostConnected(): void {
    window.addEventListener("isthmus-outbox", this.draw);
    window.addEventListener("isthmus-said", this.said);
  }

  hostDisconnected(): void {
    window.removeEventListener("isthmus-outbox", this.draw);
    window.removeEventListener("isthmus-said", this.said);
  }

  private readonly draw = () => this.host.requestUpdate();
}
