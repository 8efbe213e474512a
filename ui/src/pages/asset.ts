import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { address } from "../api/get";
import { type Trends, readTrends } from "../api/columns";
import type { EquipmentInfo, Overview, Ribbon, TagInfo } from "../api/contract";
import { LiveTags } from "../api/live";
import { Resource } from "../api/resource";
import { clock, duration } from "../app/clock";
import { Follow } from "../app/follow";
import { rangeText } from "../app/range";
import { setQuery } from "../app/route";
import { type Site, assetHref } from "../app/site";
import { plain, unitText } from "../draw/number";
import { countLooks } from "../draw/ribbon";
import { reading } from "../parts/analog";
import { marker } from "../parts/marker";
import { Part } from "../parts/part";
import { lookNow } from "../parts/unit";
import { barOf } from "../draw/bar";
import "../parts/analog";
import "../parts/card";
import "../parts/plain-values";
import "../parts/range-switch";
import "../parts/state-ribbon";
import "../parts/trend";
import "../parts/write";

const HOUR = 3_600_000;
const SPARK_POINTS = 60;
const SPARK_STEP = 30_000;
const POINTS = 800;

/** The asset page: what is wrong with it? */
@customElement("isthmus-asset-page")
export class AssetPage extends Part {
  @property({ attribute: false }) site!: Site;
  @property() path = "";
  @property({ attribute: false }) query = new URLSearchParams();
  private readonly overview = new Resource<Overview>(this, () => (this.line ? address("/api/overview", { line: this.line.path }) : undefined));
  private readonly range = new Follow(this, () => this.query.get("range"), () => ({ shift: this.overview.value?.shift_start }));
  private readonly sparks = new Resource<Trends>(this, () => this.sparkAddress(), { keep: true, read: readTrends });
  private readonly trend = new Resource<Trends>(this, () => this.trendAddress(), { keep: true, read: readTrends });
  private readonly states = new Resource<Ribbon[]>(this, () => this.stateAddress(), { keep: true });
  protected readonly follow = new LiveTags(this, () => [this.asset?.state, this.asset?.cause].filter((tag) => tag !== null && tag !== undefined));

  private get asset(): EquipmentInfo | undefined {
    return this.path ? this.site.equipment.get(this.path) : this.site.assets()[0];
  }

  private get line(): EquipmentInfo | undefined {
    const parent = this.asset && this.site.parents.get(this.asset.path);
    return parent?.flow.length ? parent : this.asset?.flow.length ? this.asset : this.site.lines()[0];
  }

  /** Numbers with a place on a bar; counters, words and texts stand in a list of their own. */
  private analogs(asset: EquipmentInfo): TagInfo[] {
    return this.site.tagsOf(asset).filter((tag) => tag.kind === "number" && !tag.counter);
  }

  private get chosen(): TagInfo | undefined {
    const asset = this.asset;
    if (!asset) return undefined;
    const tags = this.site.tagsOf(asset);
    return tags.find((tag) => tag.name === this.query.get("tag")) ?? this.site.tag(asset.headline[0]) ?? this.analogs(asset)[0] ?? tags.find((tag) => tag.kind !== "text");
  }

  private sparkAddress(): string | undefined {
    const tags = this.asset ? this.analogs(this.asset) : [];
    const step = SPARK_STEP * clock.rate();
    const to = Math.floor(clock.now() / step) * step;
    return tags.length ? address("/api/history", { tags: tags.map((tag) => tag.id).join(), from: to - HOUR, to, points: SPARK_POINTS }) : undefined;
  }

  private trendAddress(): string | undefined {
    const { from, to } = this.range.range();
    return this.chosen ? address("/api/history", { tags: this.chosen.id, from: Math.round(from), to: Math.round(to), points: POINTS }) : undefined;
  }

  private stateAddress(): string | undefined {
    const start = this.overview.value?.shift_start;
    if (!this.asset || this.asset.state === null || start === undefined) return undefined;
    const step = SPARK_STEP * clock.rate() / 3;
    return address("/api/states", { path: this.asset.path, from: start, to: Math.floor(clock.now() / step) * step });
  }

  override render() {
    const { asset } = this;
    if (!asset) return this.missing();
    const ribbon = this.states.value?.find((one) => one.path === asset.path);
    return html`<main id="page" class="fit asset" tabindex="-1">
      <nav class="toolbar tabs" aria-label="Assets"><span class="seg scroll-x">${this.site.assets().map((one) => html`<a href=${assetHref(one.path)} aria-current=${one === asset ? "true" : nothing}>${one.name}</a>`)}</span></nav>
      ${this.faceplate(asset, ribbon)}${asset.state === null ? nothing : this.ribbonCard(ribbon)}${this.trendCard(asset)}
      <div class="about">${this.write(asset)}${this.about(asset)}${this.neighbours(asset)}${this.others(asset)}</div></main>`;
  }

  private missing() {
    return html`<main id="page" tabindex="-1"><isthmus-card><div class="blank"><b>${this.path ? `There is no asset ${this.path}` : "This plant has no asset yet"}</b>
      <span>${this.site.assets().length ? html`Assets: ${this.site.assets().map((one, row) => html`${row ? ", " : nothing}<a class="link" href=${assetHref(one.path)}>${one.path}</a>`)}` : html`Describe one under <code>equipment</code> in plant.yaml.`}</span></div></isthmus-card></main>`;
  }

  private faceplate(asset: EquipmentInfo, ribbon: Ribbon | undefined) {
    const { look, word, since } = lookNow(asset, this.site, ribbon);
    const analogs = this.analogs(asset);
    const priorities = analogs.map((tag) => barOf(tag, reading(tag).value)?.priority).filter((one) => one !== null && one !== undefined);
    const worst = priorities.length ? (Math.min(...priorities) as 1 | 2 | 3 | 4) : null;
    const trends = new Map(this.sparks.value?.pens.map((pen) => [pen.tag, pen]));
    return html`<isthmus-card class="face"><div class="stack" style="gap:6px"><div class="row"><h2 class="big clip">${asset.title || asset.name}</h2>${asset.type ? html`<span class="chip clip">${asset.type}</span>` : nothing}<span class="grow"></span>${worst ? marker(worst) : nothing}</div>
        ${asset.state === null ? nothing : html`<div class="row between"><span class="state b ${look}">${word}</span><span class="muted small">${since ? duration(clock.now() - since) : ""}</span></div>`}<hr /></div>
      ${analogs.length === 0 ? html`<div class="blank"><b>No analog value</b><span>its counters and states are at the right</span></div>` : html`<div class="picks scroll">${analogs.map((tag) => html`
        <a class="pick" href="?${this.with("tag", tag.name)}" title=${tag.name.replaceAll("_", " ")} aria-current=${tag === this.chosen ? "true" : nothing}><isthmus-analog class="wide" spark .tag=${tag} .trend=${trends.get(tag.id)}></isthmus-analog></a>`)}</div>`}
      <div class="tiny muted row"><svg width="22" height="8" aria-hidden="true"><rect class="nrm" width="22" height="8" /></svg>normal range, spark: one hour</div></isthmus-card>`;
  }

  private with(key: string, value: string): string {
    const query = new URLSearchParams(this.query);
    query.set(key, value);
    return query.toString();
  }

  private ribbonCard(ribbon: Ribbon | undefined) {
    const from = this.overview.value?.shift_start ?? clock.now() - HOUR;
    const to = clock.now();
    const words = ribbon ? [...countLooks(ribbon.intervals, from, to)].sort(([, one], [, other]) => other.ms - one.ms).slice(0, 2).map(([word, { count, ms }]) => `${count} ${word.replaceAll("_", " ")}, ${duration(ms)}`) : [];
    const load = this.overview.value ? this.states.load : this.overview.load;
    const blank = this.states.value && !ribbon?.intervals.length ? { title: "No state known in this shift", text: "the controller has not reported one yet" } : undefined;
    return html`<isthmus-card class="ribbon" heading="State, this shift" sub=${words.join("; ")} .load=${load} ?hollow=${!ribbon} .blank=${blank}>
      <isthmus-state-ribbon .states=${ribbon?.intervals ?? []} .from=${from} .to=${to} tall="22" axis></isthmus-state-ribbon></isthmus-card>`;
  }

  private trendCard(asset: EquipmentInfo) {
    const tag = this.chosen;
    const { from, to, name } = this.range.range();
    if (!tag) return html`<isthmus-card class="trend" heading="Trend"><div class="blank"><b>Nothing to draw</b><span>${asset.path} has no value that is a number</span></div></isthmus-card>`;
    const columns = this.trend.value?.pens.find((pen) => pen.tag === tag.id);
    const blank = columns && columns.samples === 0 && columns.time.length === 0 ? { title: "No sample in this range", text: "choose a longer range, or look at its link under Connections" } : undefined;
    const action = html`<isthmus-range .name=${name}></isthmus-range><a class="why" href="/explore?pens=${tag.path}&range=${name || rangeText(from, to)}">explore</a>`;
    return html`<isthmus-card class="trend" heading=${capital(plain(tag.name))} sub="${unitText(tag.unit)}${tag.description ? `, ${tag.description}` : ""}" .action=${action} .load=${this.trend.load} ?hollow=${!columns} .blank=${blank}>
      <isthmus-trend quiet .pens=${[{ letter: "a", tag, columns }]} .from=${from} .to=${to} @isthmus-zoom=${(event: CustomEvent<{ from: number; to: number }>) => setQuery({ range: rangeText(event.detail.from, event.detail.to) })}></isthmus-trend></isthmus-card>`;
  }

  private write(asset: EquipmentInfo) {
    const tags = this.site.tagsOf(asset).filter((tag) => tag.writable);
    const tag = tags.find((one) => one === this.chosen);
    if (tag) return html`<isthmus-card heading="Change ${plain(tag.name)}"><isthmus-write .tag=${tag} machine=${asset.name}></isthmus-write></isthmus-card>`;
    return tags.length ? html`<isthmus-card heading="Change"><ul class="stack">${tags.map((one) => html`<li><a class="link" href="?${this.with("tag", one.name)}">${plain(one.name)}</a></li>`)}</ul></isthmus-card>` : nothing;
  }

  private about(asset: EquipmentInfo) {
    const rows: [string, string][] = [
      ["path", asset.path], ["type", asset.type], ...Object.entries(asset.facts).map(([name, fact]): [string, string] => [plain(name), String(fact)]),
      ["ideal rate", asset.ideal_rate_per_min ? `${asset.ideal_rate_per_min} /min` : ""], ["zone", asset.zone],
      ["owners", Object.entries(asset.owners).map(([side, owner]) => `${side.toUpperCase()} ${owner}`).join(", ")],
    ];
    return html`<isthmus-card heading="About"><dl class="facts small">${rows.filter(([, text]) => text).map(([name, text]) => html`<dt>${name}</dt><dd>${text}</dd>`)}
      ${asset.links.length ? html`<dt>read over</dt><dd>${asset.links.map((link) => html`<a class="link" href="/connections?link=${link}">${link}</a> `)}</dd>` : nothing}</dl></isthmus-card>`;
  }

  private neighbours(asset: EquipmentInfo) {
    const units = this.line ? this.site.unitsOf(this.line) : [];
    const at = units.indexOf(asset);
    if (at < 0) return nothing;
    const row = (word: string, unit: EquipmentInfo | undefined, buffer: number | undefined) => unit ? html`<li class="row between"><span class="muted small" style="width:48px">${word}</span><a class="link clip grow" href=${assetHref(unit.path)}>${unit.title || unit.name}</a>${buffer ? html`<span class="muted small nowrap">buffer ${buffer} pc</span>` : nothing}</li>` : nothing;
    return html`<isthmus-card heading="In line" sub=${this.line?.title || this.line?.path || ""}><ul class="stack">${row("before", units[at - 1], this.line?.buffers[at - 1])}${row("after", units[at + 1], this.line?.buffers[at])}</ul></isthmus-card>`;
  }

  private others(asset: EquipmentInfo) {
    const tags = this.site.tagsOf(asset).filter((tag) => tag.kind !== "number" || tag.counter);
    return tags.length ? html`<isthmus-card class="rest" heading="Counters and states"><isthmus-plain-values class="scroll" tabindex="0" .tags=${tags}></isthmus-plain-values></isthmus-card>` : nothing;
  }
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
