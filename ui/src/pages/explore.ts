import { html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { type Trends, readTrends } from "../api/columns";
import type { Overview, Statistics } from "../api/contract";
import { address } from "../api/get";
import { Resource } from "../api/resource";
import { clock, duration } from "../app/clock";
import { Follow } from "../app/follow";
import { fieldText, fieldTime, rangeText } from "../app/range";
import { setQuery } from "../app/route";
import type { Site } from "../app/site";
import { number } from "../draw/number";
import { sqlOf } from "../draw/sql";
import { Part } from "../parts/part";
import type { Pen } from "../parts/trend";
import "../parts/card";
import "../parts/cursor-table";
import "../parts/range-switch";
import "../parts/tree";
import "../parts/trend";

const LETTERS = "abcdef";
const POINTS = 800;

/** The explore page: what moved together? */
@customElement("isthmus-explore-page")
export class ExplorePage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  @state() private filter = "";
  @state() private copied = false;
  @query("#filter") private field!: HTMLInputElement;
  private readonly overview = new Resource<Overview>(this, () => (this.query.get("range") === "shift" && this.site.lines()[0] ? address("/api/overview", { line: this.site.lines()[0]?.path }) : undefined), { keep: true });
  private readonly range = new Follow(this, () => this.query.get("range"), () => this.overview.value?.shift_start, "3h");
  private readonly trends = new Resource<Trends>(this, () => this.trendAddress(), { keep: true, read: readTrends });
  private readonly statistics = new Resource<Statistics[]>(this, () => this.statisticsAddress(), { keep: true });

  private get paths(): string[] {
    const asked = (this.query.get("pens")?.split(",") ?? this.usual()).filter((path) => this.site.tagPaths.has(path));
    return [...new Set(asked)].slice(0, LETTERS.length);
  }

  /** What to show where nothing is asked for: the first figure of the line's first three units. */
  private usual(): string[] {
    const line = this.site.lines()[0];
    const first = (line ? this.site.unitsOf(line) : this.site.assets()).slice(0, 3).map((unit) => this.site.tag(unit.headline[0]));
    return first.flatMap((tag) => (tag ? [tag.path] : []));
  }

  private pens(): Pen[] {
    return this.paths.map((path, row) => {
      const tag = this.site.tagPaths.get(path)!;
      return { letter: LETTERS[row] ?? "f", tag, columns: this.trends.value?.pens.find((pen) => pen.tag === tag.id) };
    });
  }

  private get cursors(): [number | null, number | null] {
    const [one, other] = (this.query.get("cursors") ?? "").split("-").map((text) => (text ? Number(text) : null));
    return [one ?? null, other ?? null];
  }

  private ids(): string {
    return this.paths.map((path) => this.site.tagPaths.get(path)?.id).join();
  }

  private trendAddress(): string | undefined {
    const { from, to } = this.range.range();
    return this.paths.length ? address("/api/history", { tags: this.ids(), from: Math.round(from), to: Math.round(to), points: POINTS }) : undefined;
  }

  /** Between the cursors, or over the whole range while there are none. */
  private window(): [number, number] {
    const [one, other] = this.cursors;
    const { from, to } = this.range.range();
    return one !== null && other !== null ? [Math.min(one, other), Math.max(one, other)] : [from, to];
  }

  private statisticsAddress(): string | undefined {
    const [from, to] = this.window();
    return this.paths.length && to > from ? address("/api/statistics", { tags: this.ids(), from: Math.round(from), to: Math.round(to) }) : undefined;
  }

  override render() {
    const pens = this.pens();
    const selected = new Map(pens.map((pen) => [pen.tag.path, pen.letter]));
    return html`<main id="page" class="fit explore" tabindex="-1">
      <isthmus-card class="namespace" heading="Namespace" sub="${this.site.info.tags.length} tags"><input id="filter" class="field" type="search" placeholder="Filter, e.g. */speed" aria-label="Filter tags" .value=${this.filter} @input=${() => (this.filter = this.field.value)} />
        <isthmus-tree .site=${this.site} .selected=${selected} .filter=${this.filter} @isthmus-pick=${(event: CustomEvent<{ path: string }>) => this.toggle(event.detail.path)}></isthmus-tree>
        <div class="tiny muted">Space adds or removes a pen, at most ${LETTERS.length}</div></isthmus-card>
      <div class="right" @dragover=${(event: Event) => event.preventDefault()} @drop=${this.drop}>${this.picture(pens)}${pens.length ? this.between(pens) : nothing}${pens.length && this.query.get("sql") ? this.sql() : nothing}</div></main>`;
  }

  private picture(pens: Pen[]) {
    const { from, to, name, follows } = this.range.range();
    const one = this.query.get("axis") === "one";
    const blank = pens.length ? undefined : { title: "Choose a tag at the left", text: "press Space on it, click it, or drag it here; up to six pens, each with its letter; texts have no trend" };
    const samples = this.trends.value?.pens.reduce((most, pen) => Math.max(most, pen.samples), 0) ?? 0;
    return html`<isthmus-card class="picture" .blank=${blank} .load=${pens.length ? this.trends.load : undefined} ?hollow=${!this.trends.value}>
      <div class="toolbar"><isthmus-range .name=${name}></isthmus-range>
        <button aria-pressed=${follows} title="follow the clock" @click=${() => setQuery({ range: follows ? rangeText(from, to) : "3h" }, true)}>${follows ? "hold" : "live"}</button>
        <span class="row"><label class="vh" for="from">from</label><input id="from" class="field" type="datetime-local" step="1" .value=${fieldText(from)} @change=${this.typed} /><span class="muted">to</span><label class="vh" for="to">to</label><input id="to" class="field" type="datetime-local" step="1" .value=${fieldText(to)} @change=${this.typed} /></span>
        <span class="seg" role="group" aria-label="Axes"><button aria-pressed=${!one} @click=${() => setQuery({ axis: undefined })}>lanes</button><button aria-pressed=${one} @click=${() => setQuery({ axis: "one" })}>one axis</button></span>
        <span class="grow"></span><span class="seg">${["csv", "parquet"].map((format) => html`<a download href=${address("/api/export", { tags: this.ids(), from: Math.round(from), to: Math.round(to), format })}>${format === "csv" ? "CSV" : "Parquet"}</a>`)}<button aria-pressed=${this.query.get("sql") === "1"} @click=${() => setQuery({ sql: this.query.get("sql") ? undefined : "1" })}>SQL</button></span></div>
      <isthmus-trend .pens=${pens} .from=${from} .to=${to} .lanes=${!one} .cursors=${this.cursors} @isthmus-zoom=${this.zoom} @isthmus-cursors=${this.moveCursors}></isthmus-trend>
      <div class="tiny muted row between"><span>drag zooms, wheel zooms at the pointer, shift-drag moves, click sets cursor 1, then 2, arrows move it</span><span>${number(samples, 0)} samples a pen at most, min and max kept</span></div></isthmus-card>`;
  }

  private between(pens: Pen[]) {
    const [from, to] = this.window();
    const cursors = this.cursors.every((time) => time !== null);
    const why = { mean: "time-weighted: each value counts as long as it held", std_dev: "standard deviation, time-weighted as the mean", good: "share of the time with good quality", at: "the value that held at that time; nothing is interpolated" };
    return html`<isthmus-card class="between" heading=${cursors ? "Between the cursors" : "In this range"} sub="${clock.second(from)} to ${clock.second(to)}, ${duration(to - from)}" .why=${why} .load=${this.statistics.load} ?hollow=${!this.statistics.value}
        .action=${cursors ? html`<button class="why" @click=${() => setQuery({ cursors: undefined })}>remove cursors</button>` : nothing}>
      <isthmus-cursor-table .pens=${pens} .rows=${this.statistics.value ?? []} @isthmus-drop=${(event: CustomEvent<{ path: string }>) => this.toggle(event.detail.path)}></isthmus-cursor-table></isthmus-card>`;
  }

  private sql() {
    const { from, to } = this.range.range();
    const text = sqlOf(this.paths, from, to, POINTS);
    const copy = async () => {
      await navigator.clipboard.writeText(text);
      this.copied = true;
      setTimeout(() => (this.copied = false), 2000);
    };
    return html`<isthmus-card class="sql" heading="Same picture in SQL" sub="for isthmus query --sql, notebooks, BI" .action=${html`<button class="why" @click=${copy}>${this.copied ? "copied" : "copy"}</button>`}><pre class="scroll" tabindex="0">${text}</pre></isthmus-card>`;
  }

  private toggle(path: string): void {
    if (this.site.tagPaths.get(path)?.kind === "text") return;
    const paths = this.paths;
    const next = paths.includes(path) ? paths.filter((one) => one !== path) : [...paths, path].slice(-LETTERS.length);
    setQuery({ pens: next.join() || "none" });
  }

  private readonly drop = (event: DragEvent) => {
    const path = event.dataTransfer?.getData("text/plain");
    if (path && this.site.tagPaths.has(path) && !this.paths.includes(path)) this.toggle(path);
  };

  private readonly typed = () => {
    const from = fieldTime(this.querySelector<HTMLInputElement>("#from")?.value ?? "");
    const to = fieldTime(this.querySelector<HTMLInputElement>("#to")?.value ?? "");
    if (to > from) setQuery({ range: rangeText(from, to) }, true);
  };

  private readonly zoom = (event: CustomEvent<{ from: number; to: number }>) => {
    const { from, to } = event.detail;
    setQuery({ range: rangeText(from, Math.min(to, clock.now())) });
  };

  private readonly moveCursors = (event: CustomEvent<[number | null, number | null]>) => {
    const [one, other] = event.detail;
    setQuery({ cursors: one === null && other === null ? undefined : `${one === null ? "" : Math.round(one)}-${other === null ? "" : Math.round(other)}` });
  };
}
