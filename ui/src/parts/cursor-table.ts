import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { Statistics, TagInfo } from "../api/contract";
import { clock, duration } from "../app/clock";
import { tail } from "../app/site";
import { digitsOf, number, signed, unitText, wordOf } from "../draw/number";
import type { Pen } from "./lane";
import { marker } from "./marker";
import { closeMenu, menu } from "./menu";
import { Part } from "./part";

const HEADS = ["At 1", "At 2", "2 − 1", "Min", "Mean", "Max", "Std dev", "Good %"];
const STATES = 4;

/**
 * What the pens did between two times: ends, difference or growth, spread, time in each state, and how much was good.
 *
 * Fires `isthmus-drop` {path} and `isthmus-scale` {letter, scale}.
 */
@customElement("isthmus-cursor-table")
export class CursorTable extends Part {
  @property({ attribute: false }) pens: Pen[] = [];
  @property({ attribute: false }) rows: Statistics[] = [];
  /** The same over the compared range; undefined where nothing is compared. */
  @property({ attribute: false }) compared: Statistics[] | undefined;

  override render() {
    return html`<div class="scroll" tabindex="0"><table><thead><tr><th><span class="vh">pen</span></th><th>Tag</th><th>Unit</th>${HEADS.map((head) => html`<th class="num">${head}</th>`)}<th>Normal</th><th><span class="vh">axis and remove</span></th></tr></thead>
      <tbody>${this.pens.map((pen) => html`${this.row(pen)}${this.compared ? this.earlier(pen) : nothing}`)}</tbody></table></div>`;
  }

  private row(pen: Pen) {
    const { letter, tag } = pen;
    const found = this.rows.find((row) => row.tag === tag.id);
    return html`<tr><td><span class="letter-box pen-${letter}">${letter.toUpperCase()}</span></td><td class="tag" title=${tag.path}>${tail(tag.path)}</td><td class="muted">${unitText(tag.unit)}</td>
      ${figures(tag, found).map((cell) => cell)}
      <td class="muted small nowrap">${tag.normal ? `${number(tag.normal[0], 1)} to ${number(tag.normal[1], 1)}` : "—"}</td>
      <td class="num nowrap">${tag.kind === "number" ? this.scale(pen) : nothing} <button class="plain" aria-label="Remove ${tag.path}" @click=${() => this.dispatchEvent(new CustomEvent("isthmus-drop", { bubbles: true, detail: { path: tag.path } }))}>✕</button></td></tr>`;
  }

  /** The compared range below its pen, with what the mean has become since. */
  private earlier({ letter, tag }: Pen) {
    const found = this.compared?.find((row) => row.tag === tag.id);
    const now = this.rows.find((row) => row.tag === tag.id);
    const digits = digitsOfFigure(tag);
    const own = tag.counter ? [now?.growth, found?.growth] : [now?.mean, found?.mean];
    const difference = own[0] !== null && own[1] !== null && own[0] !== undefined && own[1] !== undefined && tag.kind === "number" ? own[0] - own[1] : null;
    return html`<tr class="compared muted" data-letter=${letter}><td></td><td class="small">compared</td><td></td>${figures(tag, found)}
      <td class="small nowrap" colspan="2">${difference === null ? "" : html`${tag.counter ? "growth" : "mean"} <b class="difference">${signed(difference, digits)}</b> since`}</td></tr>`;
  }

  private scale({ letter, tag, scale }: Pen) {
    const tell = (event: Event) => {
      const panel = (event.target as HTMLElement).closest(".panel");
      const [low, high] = [...(panel?.querySelectorAll("input") ?? [])].map((input) => input.valueAsNumber);
      if (low !== undefined && high !== undefined && high > low) this.fix(letter, [low, high]);
    };
    return menu(scale ? "fixed" : "scale", html`<div class="small muted">Axis of ${tail(tag.path)}</div>
      <div class="row"><label>from <input class="field" type="number" step="any" .value=${String(scale?.[0] ?? tag.range?.[0] ?? 0)} @change=${tell} /></label>
      <label>to <input class="field" type="number" step="any" .value=${String(scale?.[1] ?? tag.range?.[1] ?? 100)} @change=${tell} /></label></div>
      <div class="row"><button @click=${(event: Event) => { tell(event); closeMenu(event); }}>fix</button><button @click=${(event: Event) => { closeMenu(event); this.fix(letter, undefined); }}>as the values need</button></div>`, "scale");
  }

  private fix(letter: string, scale: [number, number] | undefined): void {
    this.dispatchEvent(new CustomEvent("isthmus-scale", { bubbles: true, detail: { letter, scale } }));
  }
}

function digitsOfFigure(tag: TagInfo): number {
  return Math.min(4, digitsOf(tag) + 1);
}

/** The eight figures of one tag; states have the time that each held instead of a mean. */
function figures(tag: TagInfo, found: Statistics | undefined) {
  const digits = digitsOfFigure(tag);
  const ends = [found?.at_start, found?.at_end].map((value) => html`<td class="num">${tag.kind === "number" ? number(value, digits) : wordOf(tag, value)}</td>`);
  const good = found?.good_percent;
  const share = html`<td class="num nowrap" title="${number(found?.samples, 0)} samples${found && !found.exact ? "; mean of stretches, there are very many" : ""}">${good !== undefined && good < 99 ? marker(4) : ""} ${number(good, 1)}</td>`;
  if (tag.kind !== "number") {
    const states = (found?.states ?? []).map((one) => `${one.state} ${duration(one.seconds * 1000)}, ${number(one.percent, 0)} %, ${one.times}×`);
    return [...ends, html`<td class="num">—</td>`, html`<td colspan="4" class="small clip states" title=${states.join("; ")}>${states.slice(0, STATES).join("; ") || "—"}</td>`, share];
  }
  const at = (time: number | null | undefined) => (time === null || time === undefined ? "" : `at ${clock.moment(time)}`);
  const difference = found && found.at_start !== null && found.at_end !== null ? found.at_end - found.at_start : null;
  const grown = tag.counter ? html`<td class="num" title="growth, wraps and resets seen">${signed(found?.growth, digits)}</td>` : html`<td class="num">${signed(difference, digits)}</td>`;
  return [...ends, grown,
    html`<td class="num" title=${at(found?.min_time)}>${number(found?.min, digits)}</td>`,
    html`<td class="num">${found && !found.exact ? "≈ " : ""}${tag.counter ? "—" : number(found?.mean, digits)}</td>`,
    html`<td class="num" title=${at(found?.max_time)}>${number(found?.max, digits)}</td>`,
    html`<td class="num">${tag.counter ? "—" : number(found?.std, digits)}</td>`, share];
}

/** The table as text with tabs, to paste into a sheet. */
export function asText(pens: readonly Pen[], rows: readonly Statistics[]): string {
  const heads = ["tag", "unit", "at 1", "at 2", "growth or difference", "min", "min at", "mean", "max", "max at", "std dev", "good %", "samples", "states"];
  const plain = (value: number | null | undefined) => (value === null || value === undefined ? "" : String(value));
  const moment = (time: number | null | undefined) => (time === null || time === undefined ? "" : new Date(time).toISOString());
  const lines = pens.map(({ tag }) => {
    const found = rows.find((row) => row.tag === tag.id);
    const difference = found && found.at_start !== null && found.at_end !== null ? found.at_end - found.at_start : null;
    const numeric = tag.kind === "number";
    return [tag.path, tag.unit, plain(found?.at_start), plain(found?.at_end), plain(tag.counter ? found?.growth : numeric ? difference : null), plain(numeric ? found?.min : null), moment(numeric ? found?.min_time : null), plain(numeric ? found?.mean : null), plain(numeric ? found?.max : null), moment(numeric ? found?.max_time : null), plain(numeric ? found?.std : null), plain(found?.good_percent), plain(found?.samples), (found?.states ?? []).map((one) => `${one.state} ${one.seconds} s`).join("; ")];
  });
  return [heads, ...lines].map((line) => line.join("\t")).join("\n");
}
