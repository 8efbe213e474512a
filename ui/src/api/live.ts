/** The live stream: one EventSource a page, asked only for the tags that are on the screen. */
import type { ReactiveController, ReactiveControllerHost } from "lit";
import { clock } from "../app/clock";
import type { LiveStatus, LiveValues } from "./contract";

/** The newest sample of one tag. */
export interface Reading {
  time: number;
  value: number | null;
  quality: number;
  text: string | undefined;
}

type Listener = (tags: ReadonlySet<number> | null) => void;

const SILENCE_MS = 3000;
const RETRY_MS = [500, 1000, 2000, 4000, 8000];

/** Last values by tag id, the stream's status, and who wants which tags. */
export class Live {
  readonly readings = new Map<number, Reading>();
  status: LiveStatus | undefined;
  /** True after 3 s without any message: everything on the page may be old. */
  stale = false;
  /** Wall-clock time of the last message. */
  heard = Date.now();
  private readonly watchers = new Map<object, { tags: readonly number[]; listener: Listener }>();
  private source: EventSource | undefined;
  private asked = "";
  private failures = 0;
  private planned = 0;

  /** Starts the stream and its watch for silence. */
  start(): void {
    setInterval(() => this.check(), 500);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.reopen();
    });
    this.plan(200);
  }

  /** Tells `listener` of changes to `tags` until `forget`; the stream follows what is wanted. */
  watch(owner: object, tags: readonly number[], listener: Listener): void {
    const before = this.watchers.get(owner);
    this.watchers.set(owner, { tags, listener });
    if (before?.tags.join() !== tags.join()) this.plan(60);
  }

  forget(owner: object): void {
    if (this.watchers.delete(owner)) this.plan(250);
  }

  /** Opens the stream anew, for example when the page is shown again. */
  reopen(): void {
    this.asked = "";
    this.plan(0);
  }

  private plan(wait: number): void {
    clearTimeout(this.planned);
    this.planned = window.setTimeout(() => this.open(), wait);
  }

  private open(): void {
    const wanted = new Set<number>();
    for (const { tags } of this.watchers.values()) for (const tag of tags) wanted.add(tag);
    const url = `/api/live?tags=${[...wanted].sort((a, b) => a - b).join()}`;
    if (url === this.asked && this.source?.readyState !== EventSource.CLOSED) return;
    this.source?.close();
    this.asked = url;
    const source = (this.source = new EventSource(url));
    source.addEventListener("values", (event) => this.take(JSON.parse((event as MessageEvent<string>).data) as LiveValues));
    source.addEventListener("status", (event) => {
      this.status = JSON.parse((event as MessageEvent<string>).data) as LiveStatus;
      clock.set(this.status.now);
      this.hear();
      this.tell(null);
    });
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED || this.source !== source) return;
      const wait = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)] ?? 8000;
      void fetch("/api/plant", { method: "GET" }).then((answer) => {
        if (answer.status === 401) window.dispatchEvent(new Event("isthmus-signed-out"));
      }, () => undefined);
      this.plan(wait);
    };
  }

  private take(message: LiveValues): void {
    const changed = new Set<number>();
    message.tag.forEach((tag, row) => {
      const text = message.text[String(tag)] ?? this.readings.get(tag)?.text;
      this.readings.set(tag, { time: message.time[row] ?? message.now, value: message.value[row] ?? null, quality: message.quality[row] ?? 0, text });
      changed.add(tag);
    });
    clock.set(message.now);
    this.hear();
    this.tell(changed);
  }

  private hear(): void {
    this.heard = Date.now();
    this.failures = 0;
    if (!this.stale) return;
    this.stale = false;
    this.tell(null);
    // The site may have come back as another one: other tags, another clock.
    window.dispatchEvent(new Event("isthmus-back"));
  }

  private check(): void {
    const silent = Date.now() - this.heard > SILENCE_MS && !document.hidden;
    if (silent === this.stale && !silent) return;
    this.stale = silent;
    this.tell(null);
  }

  private tell(changed: ReadonlySet<number> | null): void {
    for (const { tags, listener } of this.watchers.values()) {
      if (changed === null || tags.some((tag) => changed.has(tag))) listener(changed);
    }
  }
}

export const live = new Live();

/** Updates its host whenever one of `tags()` has a new value, and when the stream falls silent. */
export class LiveTags implements ReactiveController {
  constructor(private readonly host: ReactiveControllerHost, private readonly tags: () => readonly number[]) {
    host.addController(this);
  }

  hostConnected(): void {
    this.hostUpdated();
  }

  hostUpdated(): void {
    live.watch(this, this.tags(), () => this.host.requestUpdate());
  }

  hostDisconnected(): void {
    live.forget(this);
  }
}
