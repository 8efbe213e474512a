import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { TapRow } from "../api/contract";
import { address } from "../api/get";
import { clock } from "../app/clock";
import { tail } from "../app/site";
import { number } from "../draw/number";
import { reasonOf } from "../draw/quality";
import { Part } from "./part";

const STAGES = ["read", "transform", "stream"] as const;
const MOST_ROWS = 60;

/** What passes a link now, at the stage of your choice; the newest first. */
@customElement("isthmus-tap")
export class Tap extends Part {
  @property() link = "";
  @state() private stage: (typeof STAGES)[number] = "transform";
  @state() private paused = false;
  @state() private rows: TapRow[] = [];
  @state() private broken = false;
  private source: EventSource | undefined;
  private asked = "";

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.close();
  }

  protected override updated(): void {
    const url = this.paused || !this.link ? "" : address(`/api/links/${encodeURIComponent(this.link)}/tap`, { stage: this.stage });
    if (url === this.asked) return;
    this.close();
    this.asked = url;
    if (!url) return;
    const source = (this.source = new EventSource(url));
    source.addEventListener("tap", (event) => {
      const fresh = (JSON.parse((event as MessageEvent<string>).data) as TapRow[]).sort((one, other) => other.time - one.time);
      this.broken = false;
      if (fresh.length) this.rows = [...fresh, ...this.rows].slice(0, MOST_ROWS);
    });
    source.onerror = () => (this.broken = true);
  }

  private close(): void {
    this.source?.close();
    this.source = undefined;
    this.asked = "";
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has("link") || changed.has("stage")) this.rows = [];
  }

  override render() {
    const digits = (value: number | null) => (value === null ? 0 : Math.abs(value) >= 1000 ? 1 : 3);
    return html`<div class="toolbar"><span class="small muted grow clip">${this.broken ? "the tap is silent, connecting again" : this.paused ? "paused; nothing is held back on the way" : `${this.link}, newest first, a sample of what passes`}</span>
        <span class="seg" role="group" aria-label="Stage">${STAGES.map((name) => html`<button aria-pressed=${name === this.stage} @click=${() => (this.stage = name)}>${name}</button>`)}</span>
        <button @click=${() => (this.paused = !this.paused)}>${this.paused ? "Resume" : "Pause"}</button></div>
      <div tabindex="0" class="scroll tap ${this.broken ? "old" : ""}"><table><thead><tr><th>Device time</th><th>Tag</th><th class="num">Raw</th><th class="num">Value</th><th>Then</th><th class="num">After</th></tr></thead>
        <tbody>${this.rows.map((row) => html`<tr><td class="tag nowrap">${clock.second(row.time)}.${String(Math.floor(row.time % 1000)).padStart(3, "0")}</td><td class="tag clip" title=${row.tag}>${tail(row.tag)}</td>
          <td class="num">${number(row.raw, digits(row.raw))}</td><td class="num b">${row.text || number(row.value, digits(row.value))}</td><td class="nowrap ${row.then === "kept" || row.then === "stored" ? "" : "muted"}">${row.then}${row.quality >= 0x40000000 ? html`<small>${reasonOf(row.quality)}</small>` : nothing}</td>
          <td class="num nowrap">${row.after_s === null ? "—" : `+${number(row.after_s, 2)} s`}</td></tr>`)}</tbody></table>
        ${this.rows.length === 0 ? html`<div class="blank"><b>Nothing has passed yet</b><span>values appear as soon as the link delivers one</span></div>` : nothing}</div>`;
  }
}
