import { html, nothing } from "lit";
import { customElement, property } from "lit/decorators.js";
import type { KpiTable } from "../api/contract";
import { address } from "../api/get";
import { Resource } from "../api/resource";
import { clock } from "../app/clock";
import { setQuery } from "../app/route";
import { number, plain } from "../draw/number";
import { explained } from "./explained";
import { Part } from "./part";

export const BY = ["shift", "product", "order", "batch", "unit", "day", "week", "hour"] as const;
export const OVER = { "24h": 1, "7d": 7, "30d": 30 } as const;
const COLUMNS: [id: string, title: string, kind: "ratio" | "pieces" | "energy"][] = [
  ["oee_index", "OEE", "ratio"], ["availability", "Availability", "ratio"], ["effectiveness", "Effectiveness", "ratio"], ["quality_ratio", "Quality", "ratio"],
  ["teep", "TEEP", "ratio"], ["throughput_rate", "Pieces/h of order", "pieces"], ["energy_per_good_piece", "kWh a piece", "energy"], ["unexplained_ratio", "Not known", "ratio"],
];
const MINUTE = 60_000;
const MOST = 60;

/** Key figures of a line side by side: by shift, product, order, unit, ... with elements summed, never ratios averaged. */
@customElement("isthmus-side-by-side")
export class SideBySide extends Part {
  @property() path = "";
  @property({ attribute: false }) query = new URLSearchParams();
  /** When the compared time ends; 0 is now. */
  @property({ type: Number }) until = 0;
  private readonly answer = new Resource<KpiTable>(this, () => this.address(), { every: () => MINUTE });

  private get by(): string {
    return BY.find((name) => name === this.query.get("by")) ?? "shift";
  }

  private get over(): keyof typeof OVER {
    const asked = this.query.get("over");
    return asked && asked in OVER ? (asked as keyof typeof OVER) : "24h";
  }

  private get span(): [number, number] {
    const to = this.until || Math.floor(clock.now() / (5 * MINUTE)) * 5 * MINUTE;
    return [to - OVER[this.over] * 24 * 60 * MINUTE, to];
  }

  private address(): string | undefined {
    if (!this.path) return undefined;
    const [from, to] = this.span;
    return address("/api/kpi/table", { path: this.path, from, to, by: this.by, kpi: COLUMNS.map(([id]) => id).join() });
  }

  override render() {
    const { value, load } = this.answer;
    const blank = value && value.windows.every((row) => !row.name) && !["hour"].includes(this.by) ? { title: `Nothing tells of a ${this.by}`, text: this.by === "shift" ? "give the line a calendar in plant.yaml" : `bind a text tag with role: ${this.by}` } : undefined;
    const action = html`<span class="seg" role="group" aria-label="Over">${Object.keys(OVER).map((name) => html`<button aria-pressed=${name === this.over} @click=${() => setQuery({ over: name })}>${name.replace("h", " h").replace("d", " d")}</button>`)}</span>`;
    return html`<isthmus-card heading="Compare" sub="${value ? `until ${this.until ? clock.moment(this.until) : clock.minute(this.span[1])}; ` : ""}elements summed, then divided; a number opens how it is computed" .action=${action} .load=${load} ?hollow=${!value} .blank=${blank}>
      <div class="scroll-x" tabindex="0" role="group" aria-label="Compare by"><span class="seg">${BY.map((name) => html`<button aria-pressed=${name === this.by} @click=${() => setQuery({ by: name })}>${name}</button>`)}</span></div>
      ${value ? this.table(value) : nothing}</isthmus-card>`;
  }

  private table(found: KpiTable) {
    const columns = COLUMNS.map((column) => ({ column, of: found.figures.find((figure) => figure.id === column[0]) })).filter(({ column, of }) => of?.values.some((value) => value !== null && (column[0] !== "unexplained_ratio" || value >= 0.005)));
    const pieces = found.elements.find((element) => element.id === "GQ");
    const all = found.windows.map((window, at) => ({ window, at })).filter(({ window, at }) => window.name || this.by === "hour" || (pieces?.values[at] ?? 0) > 0);
    const rows = all.slice(-MOST);
    const most = columns.map(({ of }) => Math.max(...rows.map(({ at }) => of?.values[at] ?? 0), 0));
    return html`<div class="scroll-x" tabindex="0"><table class="data compare"><thead><tr><th>${this.by}</th>${columns.map(({ column }) => html`<th class="e">${column[1]}</th>`)}<th class="e">Good pieces</th></tr></thead><tbody>
      ${rows.map(({ window, at }) => html`<tr><th scope="row" title=${window.parts > 1 ? `${window.parts} stretches` : ""}>${this.by === "hour" ? clock.moment(window.start) : plain(window.name) || "none"}${window.parts > 1 ? html` <span class="tiny muted">${window.parts}×</span>` : nothing}</th>
        ${columns.map(({ column, of }, place) => this.cell(found, at, column, of?.values[at] ?? null, of?.why[at] ?? "", most[place] ?? 0))}
        <td class="e num">${number(pieces?.values[at], 0)}</td></tr>`)}</tbody></table></div>
      ${all.length > MOST ? html`<p class="tiny muted">the last ${MOST} of ${all.length} rows</p>` : nothing}`;
  }

  private cell(found: KpiTable, at: number, [id, title, kind]: (typeof COLUMNS)[number], value: number | null, why: string, most: number) {
    const window = found.windows[at]!;
    const text = value === null ? "—" : kind === "ratio" ? number(100 * value, 1) : number(value, kind === "energy" ? 4 : 0);
    const share = kind === "ratio" ? value ?? 0 : most > 0 ? (value ?? 0) / most : 0;
    const own = this.by === "unit" || this.by === "hour";
    const asked = { path: own ? window.path : found.path, kpi: id, from: own ? window.start : this.span[0], to: own ? window.end : this.span[1], ...(own ? {} : { by: this.by, row: window.name }) };
    return html`<td class="e" title=${why}>${explained(text, `${title} of ${window.name || "none"}`, asked)}<span class="meter" aria-hidden="true"><i style="width:${100 * Math.max(0, Math.min(1, share))}%"></i></span></td>`;
  }
}
