import { html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { address } from "../api/get";
import { number } from "../draw/number";
import { closeMenu, menu } from "./menu";
import { Part } from "./part";

const FORMATS = [
  { name: "xlsx", title: "Excel", most: 2_000_000, note: "plant time, units, a sheet of facts" },
  { name: "parquet", title: "Parquet", most: 50_000_000, note: "UTC, for notebooks" },
  { name: "csv", title: "CSV", most: 20_000_000, note: "UTC, for everything else" },
] as const;
const STEPS = [[1, "1 s"], [10, "10 s"], [60, "1 min"], [600, "10 min"], [3600, "1 h"], [86_400, "1 d"]] as const;
const ROWS_WANTED = 2000;

/** The same pens and range as a file: which kind, each sample or one row a stretch. Fires `isthmus-png`. */
@customElement("isthmus-export")
export class ExportMenu extends Part {
  /** Tag ids between commas. */
  @property() tags = "";
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 1;
  @state() private format: (typeof FORMATS)[number] = FORMATS[0];
  @state() private every: string | undefined;

  /** The step that gives a table of a size that people read. */
  private usual(): string {
    const seconds = (this.to - this.from) / 1000 / ROWS_WANTED;
    return (STEPS.find(([size]) => size >= seconds) ?? STEPS[STEPS.length - 1])?.[1] ?? "1 d";
  }

  override render() {
    const every = this.every ?? this.usual();
    const href = address("/api/export", { tags: this.tags, from: Math.round(this.from), to: Math.round(this.to), format: this.format.name, every: every || undefined });
    const count = this.tags ? this.tags.split(",").length : 0;
    return menu("Export", html`
      <fieldset><legend class="small muted">Kind of file</legend>${FORMATS.map((one) => html`<label class="pickline"><input type="radio" name="export-format" .checked=${one === this.format} @change=${() => (this.format = one)} /> <b>${one.title}</b> <span class="small muted">${one.note}</span></label>`)}</fieldset>
      <label class="small muted" for="export-every">Rows</label>
      <select id="export-every" class="field" @change=${(event: Event) => (this.every = (event.target as HTMLSelectElement).value)}>
        <option value="" ?selected=${every === ""}>each sample</option>${STEPS.map(([, text]) => html`<option value=${text} ?selected=${text === every}>one each ${text}: means, growth, states</option>`)}</select>
      <div class="tiny muted">at most ${number(this.format.most, 0)} rows of ${this.format.title}; more is refused, never cut off</div>
      <div class="row"><a class="btn main" download href=${href} @click=${closeMenu}>Download ${count} ${count === 1 ? "tag" : "tags"}</a>
        <button @click=${this.png}>Picture (PNG)</button></div>`, "export");
  }

  private readonly png = (event: Event) => {
    closeMenu(event);
    this.dispatchEvent(new CustomEvent("isthmus-png", { bubbles: true }));
  };
}
