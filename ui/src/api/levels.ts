/** Trends at several ranges and resolutions: what is known is drawn at once, stretched, then refined. */
import type { ReactiveControllerHost } from "lit";
import { clock } from "../app/clock";
import { type PenColumns, type Trends, readTrends } from "./columns";
import { address } from "./get";
import { type Load, Resource } from "./resource";

/** What is to be drawn: tags over a range, in so many pixels; `live` where the range ends now. */
export interface View {
  tags: readonly number[];
  from: number;
  to: number;
  points: number;
  live: boolean;
}

interface Piece {
  from: number;
  to: number;
  /** Milliseconds a row stands for; 0 where every sample is there. */
  bucket: number;
  /** When it was asked for, on this computer's own clock. */
  at: number;
  columns: PenColumns;
}

const PIECES = 16;
const MOST_POINTS = 4000;
/** Asked for on either side as well, as a share of what is shown, so that a drag finds it there. */
const MARGIN = 0.5;
const PATIENCE_MS = 400;
const COARSER = 1.05;
/** Late samples and corrections change the past: what is older is asked for again. */
const STALE_MS = 60_000;

/** Pieces of trends by tag, the last used first; several `Levels` may share one. */
export class Pieces {
  private readonly kept = new Map<number, Piece[]>();

  add(trends: Trends, points: number): void {
    const to = Math.min(trends.end, clock.now());
    for (const pen of trends.pens) {
      const bucket = pen.raw ? 0 : (trends.end - trends.start) / points;
      const piece = { from: trends.start, to, bucket, at: performance.now(), columns: { ...pen, end: to } };
      const others = (this.kept.get(pen.tag) ?? []).filter((one) => one.bucket !== bucket || one.from < piece.from || one.to > piece.to);
      this.kept.set(pen.tag, [piece, ...others].slice(0, PIECES));
    }
  }

  /** The piece that shows most of [from, to], and of those the finest. */
  best(tag: number, from: number, to: number): Piece | undefined {
    let found: Piece | undefined;
    let most = 0;
    for (const piece of this.kept.get(tag) ?? []) {
      const covers = Math.min(1, (Math.min(piece.to, to) - Math.max(piece.from, from)) / (to - from));
      const better = covers > most + 1e-3 || (found !== undefined && covers > most - 1e-3 && piece.bucket < found.bucket);
      if (covers > 0 && better) [found, most] = [piece, covers];
    }
    return found;
  }

  /** Whether nothing finer need be asked for. */
  fits(tag: number, { from, to, points, live }: View): boolean {
    const known = Math.min(to, clock.now());
    const piece = this.best(tag, from, live ? to : known);
    if (!piece || piece.from > from || piece.to < (live ? to : known)) return false;
    if (performance.now() - piece.at > STALE_MS) return false;
    return piece.bucket <= ((to - from) / points) * COARSER;
  }
}

/** The trends of a view: one request at a time, none where what is known is fine enough. */
export class Levels {
  private readonly resource: Resource<Trends>;
  private last: string | undefined;

  constructor(host: ReactiveControllerHost, private readonly view: () => View | undefined, private readonly pieces: Pieces) {
    this.resource = new Resource<Trends>(host, () => this.address(), {
      keep: true,
      read: async (url, signal) => {
        const trends = await readTrends(url, signal);
        pieces.add(trends, Number(new URLSearchParams(url.split("?")[1]).get("points")));
        return trends;
      },
      outdated: (url, age) => age > PATIENCE_MS && this.elsewhere(url),
    });
  }

  get load(): Load {
    return this.resource.load;
  }

  /** Whether anything of the view can be drawn. */
  get some(): boolean {
    const view = this.view();
    return view !== undefined && view.tags.some((tag) => this.pieces.best(tag, view.from, view.to));
  }

  /** What is known of `tag` in the view. */
  of(tag: number): PenColumns | undefined {
    const view = this.view();
    return view && this.pieces.best(tag, view.from, view.to)?.columns;
  }

  /** Milliseconds that a row of the coarsest pen stands for; 0 where all samples are drawn. */
  get bucket(): number {
    const view = this.view();
    return view ? Math.max(0, ...view.tags.map((tag) => this.pieces.best(tag, view.from, view.to)?.bucket ?? 0)) : 0;
  }

  /** What to ask for: the pens that lack something; the address asked last where none does. */
  private address(): string | undefined {
    const view = this.view();
    if (!view) return (this.last = undefined);
    const lacking = view.tags.filter((tag) => !this.pieces.fits(tag, view));
    if (lacking.length === 0) return this.last;
    const { from, to } = view;
    const width = to - from;
    const bucket = Math.max(1, Math.ceil(width / view.points));
    const margin = view.live ? 0 : Math.ceil((width * MARGIN) / bucket) * bucket;
    const start = Math.floor((from - margin) / bucket) * bucket;
    const most = Math.min(to + margin, Math.max(to, clock.now()));
    const points = Math.min(MOST_POINTS, Math.ceil((most - start) / bucket));
    return (this.last = address("/api/history", { tags: lacking.join(), from: Math.round(view.live ? from : start), to: Math.round(view.live ? to : start + points * bucket), points: view.live ? view.points : points }));
  }

  /** Whether what is under way tells nothing of what is wanted now. */
  private elsewhere(url: string): boolean {
    const view = this.view();
    const query = new URLSearchParams(url.split("?")[1]);
    return view !== undefined && (Number(query.get("from")) > view.to || Number(query.get("to")) < view.from);
  }
}
