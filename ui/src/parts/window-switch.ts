import { html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { setQuery } from "../app/route";
import type { Site } from "../app/site";
import { Part } from "./part";
import "./period-menu";

const TITLES: Record<string, string> = { shift: "this shift", last_shift: "last shift" };

/** Which line and which window a report is about; both stand in the address. */
@customElement("isthmus-window")
export class WindowSwitch extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) windows: readonly string[] = [];
  @property() chosen = "";
  @property() line = "";
  /** With shifts and orders that are over. */
  @property({ type: Boolean }) past = false;
  /** The one of them that is shown, `from-to` in ms. */
  @property() range = "";

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("isthmus-range", this.step);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("isthmus-range", this.step);
  }

  private readonly step = (event: Event) => {
    const at = this.windows.indexOf(this.chosen) + (event as CustomEvent<number>).detail;
    const next = this.windows[Math.min(this.windows.length - 1, Math.max(0, at))];
    if (next) setQuery({ window: next, range: undefined });
  };

  override render() {
    const lines = this.site.lines();
    return html`<div class="toolbar"><span class="seg scroll-x" role="group" aria-label="Window">${this.windows.map((name) => html`<button aria-pressed=${name === this.chosen} @click=${() => setQuery({ window: name, range: undefined }, true)}>${TITLES[name] ?? name}</button>`)}</span>
      ${this.past ? html`<isthmus-period .line=${this.line} .range=${this.range}></isthmus-period>` : ""}
      ${lines.length > 1 ? html`<span class="seg scroll-x" role="group" aria-label="Line">${lines.map((line) => html`<button aria-pressed=${line.path === this.line} @click=${() => setQuery({ line: line.path }, true)}>${line.title || line.name}</button>`)}</span>` : ""}</div>`;
  }
}
