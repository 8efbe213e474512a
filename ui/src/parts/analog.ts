import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import { clock, duration } from "../app/clock";
import type { TagInfo } from "../api/contract";
import { LiveTags, live } from "../api/live";
import { type Bar, barOf, share } from "../draw/bar";
import { digitsOf, plain, widthOf, wordOf } from "../draw/number";
import { type Quality, qualityOf, reasonOf } from "../draw/quality";
import { marker } from "./marker";
import { Part } from "./part";
import "./sparkline";
import "./value";

/** The newest value of a tag with the quality to draw it in; a silent stream makes all stale. */
export function reading(tag: TagInfo): { value: number | null; text: string | undefined; quality: Quality; reason: string; age: number } {
  const now = live.readings.get(tag.id);
  if (!now) return { value: null, text: undefined, quality: "none", reason: "first value…", age: 0 };
  const own = tag.kind === "text" ? (now.quality < 0x40000000 ? "good" : "bad") : qualityOf(now.quality, now.value);
  const quality = live.stale && own !== "none" ? "stale" : own;
  const age = live.stale ? Date.now() - live.heard : clock.now() - now.time;
  return { value: now.value, text: now.text, quality, reason: live.stale ? "the live stream is silent" : reasonOf(now.quality), age };
}

/** The bar under a value: range, normal range, limits, pointer. */
export function bar(shape: Bar | null, value: number | null, stale = false) {
  if (!shape) return html`<div class="bar" aria-hidden="true"></div>`;
  const at = (position: number) => share(position, shape.low, shape.high);
  const normal = shape.normal;
  return html`<div class="bar ${stale ? "stale" : ""}" aria-hidden="true"><div class="well"></div>
    ${normal ? html`<div class="normal" style="left:${at(normal[0])}%;width:${at(normal[1]) - at(normal[0])}%"></div>` : nothing}
    ${shape.limits.filter(({ at: edge }) => edge >= shape.low && edge <= shape.high).map((limit) => html`<div class="limit-tick ${limit.broken ? `b${limit.priority}` : ""}" style="left:${at(limit.at)}%"></div>`)}
    ${value === null ? nothing : html`<div class="pointer ${shape.priority ? `b${shape.priority}` : ""}" style="left:clamp(2px, ${at(value)}%, calc(100% - 2px))"></div>`}</div>`;
}

/** A tag's live value: name, number, and a bar against its normal range and limits. */
@customElement("isthmus-analog")
export class Analog extends Part {
  @property({ attribute: false }) tag!: TagInfo;
  @property() label = "";
  /** Adds one hour of history before the number. */
  @property({ type: Boolean }) spark = false;
  @property({ attribute: false }) trend: { time: ArrayLike<number>; mean: ArrayLike<number> } | undefined;
  protected readonly follow = new LiveTags(this, () => [this.tag.id]);

  override render() {
    const { tag } = this;
    const { value, text, quality, reason, age } = reading(tag);
    const shape = barOf(tag, quality === "bad" ? null : value);
    const trusted = quality === "good" || quality === "calculated";
    const note = quality === "stale" ? duration(age) : quality === "bad" || quality === "uncertain" ? reason : "";
    const priority = shape?.priority && trusted ? shape.priority : quality === "stale" || quality === "bad" || quality === "uncertain" ? 4 : null;
    const shown = tag.kind === "text" ? text ?? "—" : tag.kind === "number" ? value : wordOf(tag, value);
    return html`<span class="name" title="${tag.description || tag.path}${note ? `, ${note}` : ""}">${priority ? marker(priority) : nothing}<span class="clip">${this.label || plain(tag.name)}</span>${note ? html`<span class="age">${note}</span>` : nothing}</span>
      ${this.spark ? html`<isthmus-sparkline .trend=${this.trend} .normal=${tag.normal ?? null}></isthmus-sparkline>` : nothing}
      <isthmus-value .value=${shown} .unit=${tag.unit} .quality=${quality} .reason=${reason} .digits=${digitsOf(tag, value)} .chars=${tag.kind === "number" ? widthOf(tag) : 0}></isthmus-value>
      ${bar(shape, quality === "none" ? null : value, quality === "stale")}`;
  }
}
