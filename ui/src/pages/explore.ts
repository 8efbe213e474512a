import { html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { moved, within } from "../api/columns";
import type { EquipmentInfo, MovedTogether, Overview, Ribbon, Statistics } from "../api/contract";
import { address, get } from "../api/get";
import { Levels, Pieces, type View } from "../api/levels";
import { Resource } from "../api/resource";
import { clock, duration } from "../app/clock";
import { Follow } from "../app/follow";
import { type OrderNow, orderNow } from "../app/order";
import { Moving } from "../app/moving";
import { LETTERS, pensOf } from "../app/pens";
import { type Range, fieldText, fieldTime, rangeText } from "../app/range";
import { setQuery } from "../app/route";
import type { Site } from "../app/site";
import { theme } from "../app/theme";
import { sqlOf } from "../draw/sql";
import { stopsText } from "../draw/stops";
import { asText } from "../parts/cursor-table";
import { Part } from "../parts/part";
import type { Pen, Trend } from "../parts/trend";
import { parseScales, scaleText } from "./explore-address";
import "../parts/card";
import "../parts/compare-menu";
import "../parts/cursor-table";
import "../parts/export-menu";
import "../parts/range-switch";
import "../parts/together";
import "../parts/tree";
import "../parts/trend";

const POINTS = 800;
/** How often it is asked which shift and order run: where the range begins with one, and where only a button needs it. */
const ORDER_MS = { begins: 15_000, offers: 60_000 };
const COPIED_MS = 2000;
/** Stops are counted in spans of at most so many ms: in longer ones there are too many for words. */
const STOPS_SPAN_MS = 31 * 86_400_000;
/** What moved together is asked anew when a range that follows the clock has gone on by such a part of itself. */
const PARTS = 60;

/** The explore page: what moved together? */
@customElement("isthmus-explore-page")
export class ExplorePage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  @state() private filter = "";
  @state() private copied = "";
  @query("#filter") private field!: HTMLInputElement;
  @query("isthmus-trend") private trend!: Trend;
  private readonly moving = new Moving(this);
  private letters = new Map<string, string>();
  private readonly pieces = new Pieces();
  private readonly overview = new Resource<Overview>(this, () => (this.line ? address("/api/overview", { line: this.line.path }) : undefined), { keep: true, every: () => (["shift", "order"].includes(this.query.get("range") ?? "") ? ORDER_MS.begins : ORDER_MS.offers) });
  private readonly follow = new Follow(this, () => this.query.get("range"), () => ({ shift: this.overview.value?.shift_start, order: this.order.start }), "3h");
  private readonly levels = new Levels(this, () => this.view(0), this.pieces);
  private readonly past = new Levels(this, () => (this.offset ? this.view(this.offset) : undefined), this.pieces);
  private readonly statistics = new Resource<Statistics[]>(this, () => this.statisticsAddress(0), { keep: true });
  private readonly compared = new Resource<Statistics[]>(this, () => (this.offset ? this.statisticsAddress(this.offset) : undefined), { keep: true });
  private readonly states = new Resource<Ribbon[]>(this, () => this.statesAddresses(), { keep: true, read: async (urls, signal) => (await Promise.all(urls.split(" ").map((url) => get<Ribbon[]>(url, signal)))).flat() });
  private readonly together = new Resource<MovedTogether>(this, () => this.togetherAddress(), { keep: true });

  private range(): Range {
    return this.moving.range ? { ...this.moving.range, follows: false, name: "", begun: false } : this.follow.range();
  }

  /** How long before the range the one lies that it is compared with; 0 for none. */
  private get offset(): number {
    const text = this.query.get("compare") ?? "";
    return /^-?\d{1,13}$/.test(text) ? Number(text) : 0;
  }

  private get paths(): string[] {
    return pensOf(this.site, this.query).paths;
  }

  /** The line of the first pen, whose shifts and orders are meant. */
  private get line(): EquipmentInfo | undefined {
    const first = this.site.tagPaths.get(this.paths[0] ?? "");
    return (first && this.site.lineOf(first.equipment)) ?? this.site.lines()[0];
  }

  private get order(): OrderNow {
    if (!this.line) return { start: undefined, text: "this plant has no line, so it has no orders" };
    const told = this.overview.value?.path === this.line.path ? this.overview.value : undefined;
    return orderNow(told, this.overview.load);
  }

  private pens(): Pen[] {
    const { from, to } = this.range();
    const scales = parseScales(this.query.get("scale"));
    return this.paths.map((path, row) => {
      const tag = this.site.tagPaths.get(path)!;
      const letter = LETTERS[row] ?? "f";
      const found = this.levels.of(tag.id);
      const before = this.offset ? this.past.of(tag.id) : undefined;
      const compared = before && within(moved(within(before, from - this.offset, to - this.offset), this.offset), from, to);
      return { letter, tag, columns: found && within(found, from, to), compared, scale: scales.get(letter) };
    });
  }

  private get cursors(): [number | null, number | null] {
    const [one, other] = (this.query.get("cursors") ?? "").split("-").map((text) => (text ? Number(text) : null));
    return [one ?? null, other ?? null];
  }

  private ids(): string {
    return this.paths.map((path) => this.site.tagPaths.get(path)?.id).join();
  }

  private view(offset: number): View | undefined {
    const { from, to, follows } = this.range();
    const tags = this.paths.map((path) => this.site.tagPaths.get(path)?.id ?? -1);
    return tags.length ? { tags, from: from - offset, to: to - offset, points: POINTS, live: follows && offset === 0 } : undefined;
  }

  /** Between the cursors, or over the whole range while there are none. */
  private window(): [number, number] {
    const [one, other] = this.cursors;
    const { from, to } = this.follow.range();
    return one !== null && other !== null ? [Math.min(one, other), Math.max(one, other)] : [from, to];
  }

  private statisticsAddress(offset: number): string | undefined {
    const [from, to] = this.window();
    return this.paths.length && to > from ? address("/api/statistics", { tags: this.ids(), from: Math.round(from - offset), to: Math.round(to - offset) }) : undefined;
  }

  /** The units that the pens are measured at, each once. */
  private get units(): EquipmentInfo[] {
    const units = this.paths.map((path) => this.site.unitOf(this.site.tagPaths.get(path)?.equipment ?? ""));
    return [...new Set(units)].filter((unit) => unit !== undefined);
  }

  /** Where the states of the units stand, one address each, between spaces. */
  private statesAddresses(): string | undefined {
    const [from, to] = this.window();
    if (!(to > from) || to - from > STOPS_SPAN_MS || this.units.length === 0) return undefined;
    return this.units.map(({ path }) => address("/api/states", { path, from: Math.round(from), to: Math.round(to) })).join(" ");
  }

  /** Which of the units stopped inside the window; empty while that is not known. */
  private stops(): string {
    return this.statesAddresses() && this.states.load.state === "ready" ? stopsText(this.states.value ?? [], this.units) : "";
  }

  /** The pens that something can move with: measured numbers. */
  private measured(pens: Pen[]): Pen[] {
    return pens.filter(({ tag }) => tag.kind === "number" && !tag.counter);
  }

  /** The pen that others are compared with. */
  private leader(): Pen | undefined {
    const pens = this.measured(this.pens());
    return pens.find((pen) => pen.letter === this.query.get("together")) ?? pens[0];
  }

  private togetherAddress(): string | undefined {
    const { from, to, follows } = this.follow.range();
    const step = Math.max(1000, Math.round((to - from) / PARTS));
    const when = this.query.get("when") === "always" ? "always" : "running";
    const leader = this.leader();
    const end = follows ? Math.ceil(to / step) * step : to;
    return leader && address("/api/together", { tag: leader.tag.id, from: Math.round(end - (to - from)), to: end, when });
  }

  /** The letters by path, the same object while they are, so that the tree is not drawn for every frame of a drag. */
  private selected(pens: Pen[]): Map<string, string> {
    const same = pens.length === this.letters.size && pens.every((pen) => this.letters.get(pen.tag.path) === pen.letter);
    if (!same) this.letters = new Map(pens.map((pen) => [pen.tag.path, pen.letter]));
    return this.letters;
  }

  override render() {
    const pens = this.pens();
    return html`<main id="page" class="fit explore" tabindex="-1">
      <isthmus-card class="namespace" heading="Namespace" sub="${this.site.info.tags.length} tags"><input id="filter" class="field" type="search" placeholder="Filter, e.g. */speed" aria-label="Filter tags" .value=${this.filter} @input=${() => (this.filter = this.field.value)} />
        <isthmus-tree .site=${this.site} .selected=${this.selected(pens)} .filter=${this.filter} @isthmus-pick=${this.picked}></isthmus-tree>
        <div class="tiny muted">Space adds or removes a pen, at most ${LETTERS.length}; F keeps a favourite</div></isthmus-card>
      <div class="right" @dragover=${(event: Event) => event.preventDefault()} @drop=${this.drop}>${this.picture(pens)}${pens.length ? this.between(pens) : nothing}${pens.length ? html`<div class="two">${this.company(pens)}${this.sqlShown ? this.sql() : nothing}</div>` : nothing}</div></main>`;
  }

  private picture(pens: Pen[]) {
    const { from, to } = this.range();
    const gone = this.gone();
    const blank = pens.length ? undefined : { title: gone || "Choose a tag at the left", text: `${gone ? "choose another tag at the left: " : ""}press Space on it, click it, or drag it here; up to six pens, each with its letter; texts have no trend` };
    const { bucket } = this.levels;
    const drawn = bucket ? `min and max of each ${duration(Math.max(1000, bucket))}` : "every sample";
    return html`<isthmus-card class="picture" .blank=${blank} .load=${pens.length ? this.levels.load : undefined} ?hollow=${!this.levels.some}>
      ${this.toolbar()}${pens.length ? this.notices(gone) : nothing}
      <isthmus-trend .pens=${pens} .from=${from} .to=${to} .lanes=${this.query.get("axis") !== "one"} .cursors=${this.cursors} @isthmus-zoom=${this.zoom} @isthmus-cursors=${this.moveCursors} @isthmus-back-range=${this.back}></isthmus-trend>
      <div class="tiny muted row between"><span class="clip" title="wheel and + - zoom at the pointer or cursor, drag and arrows move, shift-drag chooses, double click and Backspace go back, click, 1 and 2 set cursors, Esc removes them">wheel zooms, drag moves, shift-drag chooses, double click goes back, click sets cursor 1, then 2</span><span class="nowrap">${this.offset ? `dashed grey: ${clock.moment(from - this.offset)} to ${clock.moment(to - this.offset)}; ` : ""}${drawn}</span></div></isthmus-card>`;
  }

  /** Which pens of the address are no tags of this plant; empty where all are. */
  private gone(): string {
    const { missing } = pensOf(this.site, this.query);
    return missing.length ? `Not in this plant, or no longer: ${missing.join(", ")}` : "";
  }

  /** What the address asks for and the picture does not show. */
  private notices(gone: string) {
    const { name, begun } = this.range();
    const lacks = name === "order" && !begun ? `The last 8 h are shown: ${this.order.text}` : "";
    return html`${gone ? html`<div class="fail notice" role="status"><span class="grow">${gone}</span><button class="plain" @click=${() => setQuery({ pens: this.paths.join() || "none" })}>leave out</button></div>` : nothing}${lacks ? html`<div class="fail notice" role="status">${lacks}</div>` : nothing}`;
  }

  private toolbar() {
    const { from, to, name, follows } = this.range();
    const one = this.query.get("axis") === "one";
    return html`<div class="toolbar"><isthmus-range long .name=${name} .order=${this.order}></isthmus-range>
        <button aria-pressed=${follows} title="follow the clock" @click=${() => setQuery({ range: follows ? rangeText(from, to) : "3h" }, true)}>${follows ? "hold" : "live"}</button>
        <span class="row"><label class="vh" for="from">from</label><input id="from" class="field" type="datetime-local" step="1" .value=${fieldText(from)} @change=${this.typed} /><span class="muted">to</span><label class="vh" for="to">to</label><input id="to" class="field" type="datetime-local" step="1" .value=${fieldText(to)} @change=${this.typed} /></span>
        <span class="seg" role="group" aria-label="Axes"><button aria-pressed=${!one} @click=${() => setQuery({ axis: undefined })}>lanes</button><button aria-pressed=${one} @click=${() => setQuery({ axis: "one" })}>one axis</button></span>
        <isthmus-compare .line=${this.line?.path ?? ""} .from=${from} .to=${to} .offset=${this.offset} .name=${this.query.get("with") ?? ""} @isthmus-compare=${this.compare}></isthmus-compare>
        <span class="grow"></span><isthmus-export .tags=${this.ids()} .from=${from} .to=${to} @isthmus-png=${this.png}></isthmus-export>
        <span class="seg"><button @click=${this.copyLink}>${this.copied === "link" ? "copied" : "Copy link"}</button><button aria-pressed=${this.sqlShown} @click=${() => setQuery({ sql: this.sqlShown ? "0" : undefined })}>SQL</button></span></div>`;
  }

  private between(pens: Pen[]) {
    const [from, to] = this.window();
    const cursors = this.cursors.every((time) => time !== null);
    const stops = this.stops();
    const why = { mean: "time-weighted: each value counts as long as it held", std_dev: "standard deviation, time-weighted as the mean", growth: "of a counter, stands in 2 − 1; wraps and resets are seen", states: "how long each held, its share, and how often it was entered", stops: "how often a unit of these pens went into a stop inside; waiting for material or for room, set-up and breaks are none; at least, where its state is not known all the time", good: "share of the samples with good quality; only they count", at: "the value that held at that time; nothing is interpolated", "≈": "more than two million samples: minimum and maximum are exact, the mean is of 4,000 stretches" };
    const action = html`<button class="why" @click=${() => this.copy("table", asText(pens, this.statistics.value ?? []))}>${this.copied === "table" ? "copied" : "copy table"}</button>${cursors ? html`<button class="why" @click=${() => setQuery({ cursors: undefined })}>remove cursors</button>` : nothing}`;
    return html`<isthmus-card class="between" heading=${cursors ? "Between the cursors" : "In this range"} sub="${duration(to - from)}${stops && `, ${stops}`}; ${clock.day(from)} ${clock.second(from)} to ${clock.day(to)} ${clock.second(to)}" .why=${why} .load=${this.statistics.load} ?hollow=${!this.statistics.value} .action=${action}>
      <isthmus-cursor-table .pens=${pens} .rows=${this.statistics.value ?? []} .compared=${this.offset ? this.compared.value ?? [] : undefined} @isthmus-drop=${this.picked} @isthmus-scale=${this.fix}></isthmus-cursor-table></isthmus-card>`;
  }

  private get sqlShown(): boolean {
    return this.query.get("sql") !== "0";
  }

  private company(pens: Pen[]) {
    const leader = this.leader();
    const found = this.together.value?.tag === leader?.tag.id ? this.together.value : undefined;
    const always = this.query.get("when") === "always";
    const blank = leader ? undefined : { title: "No measured value is shown", text: "states, texts and counters have no correlation; add a tag such as a speed, a pressure or a power" };
    const sub = `rank correlation in this range${always ? "" : found && !found.while_running ? "; its unit has no state or ran too little, so all times" : ", while its unit ran"}`;
    const why = { correlation: "Spearman's: 1 where both always rise and fall together, −1 where always against each other; it says nothing of cause", stretches: "the range in at most 360 equal parts, a mean in each; a part counts where more than half of it is known", lag: "the shift of at most 30 parts at which it is strongest; none where another is not stronger by 0.03", chance: "neighbouring parts are alike, so they count as fewer independent ones; with all lags and tags that are tried, what is listed is there by chance in one of twenty lists at most", compared: "the 300 measured numbers nearest in the plant; counters, states and texts are not" };
    const action = html`${this.measured(pens).length > 1 ? html`<span class="seg" role="group" aria-label="Compare with pen">${this.measured(pens).map(({ letter }) => html`<button aria-pressed=${letter === leader?.letter} @click=${() => setQuery({ together: letter })}>${letter.toUpperCase()}</button>`)}</span>` : nothing}`;
    return html`<isthmus-card class="together" heading=${leader ? `Moves together with ${leader.letter.toUpperCase()}` : "Moves together"} sub=${sub} .blank=${blank} .why=${why} .action=${action} .load=${leader ? this.together.load : undefined} ?hollow=${!found}>
      <isthmus-together class="scroll" .site=${this.site} .found=${found} .shown=${new Set(this.paths)} .always=${always} @isthmus-pick=${this.picked} @isthmus-when=${() => setQuery({ when: always ? undefined : "always" })}></isthmus-together></isthmus-card>`;
  }

  private sql() {
    const { from, to } = this.range();
    const text = sqlOf(this.paths, from, to, POINTS);
    return html`<isthmus-card class="sql" heading="Same picture in SQL" sub="for isthmus query --sql, notebooks, BI" .action=${html`<button class="why" @click=${() => this.copy("sql", text)}>${this.copied === "sql" ? "copied" : "copy"}</button>`}><pre class="scroll" tabindex="0">${text}</pre></isthmus-card>`;
  }

  private async copy(what: string, text: string): Promise<void> {
    await navigator.clipboard.writeText(text);
    this.copied = what;
    setTimeout(() => (this.copied = ""), COPIED_MS);
  }

  /** The address of exactly this picture: its times stand still, its theme is told. */
  private readonly copyLink = () => {
    const { from, to } = this.range();
    const url = new URL(location.href);
    url.searchParams.set("pens", this.paths.join() || "none");
    url.searchParams.set("range", rangeText(from, to));
    if (theme() !== "auto") url.searchParams.set("theme", theme());
    void this.copy("link", url.href.replaceAll("%2F", "/").replaceAll("%2C", ","));
  };

  private readonly png = async () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await this.trend.png());
    link.download = `${this.site.info.site}-${fieldText(this.range().from).replace("T", "-").replaceAll(":", "")}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  private readonly picked = (event: CustomEvent<{ path: string }>) => this.toggle(event.detail.path);

  private readonly compare = (event: CustomEvent<{ offset: number; name: string }>) => {
    const { offset, name } = event.detail;
    setQuery({ compare: offset ? String(Math.round(offset)) : undefined, with: offset ? name : undefined }, true);
  };

  private readonly fix = (event: CustomEvent<{ letter: string; scale: [number, number] | undefined }>) => {
    const scales = parseScales(this.query.get("scale"));
    if (event.detail.scale) scales.set(event.detail.letter, event.detail.scale);
    else scales.delete(event.detail.letter);
    setQuery({ scale: scaleText(scales) });
  };

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
    if (to > from) this.moving.put(from, to);
  };

  private readonly zoom = (event: CustomEvent<{ from: number; to: number }>) => this.moving.move(event.detail.from, event.detail.to);

  private readonly back = () => this.moving.back();

  private readonly moveCursors = (event: CustomEvent<[number | null, number | null]>) => {
    const [one, other] = event.detail;
    setQuery({ cursors: one === null && other === null ? undefined : `${one === null ? "" : Math.round(one)}-${other === null ? "" : Math.round(other)}` });
  };
}
