import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Period } from "../api/contract";
import { address } from "../api/get";
import { Resource } from "../api/resource";
import { clock, fromTo } from "../app/clock";
import { rangeText } from "../app/range";
import { setQuery } from "../app/route";
import { MOST_DAYS } from "../app/window";
import { closeMenu, menu } from "./menu";
import { Part } from "./part";

const MINUTE = 60_000;
const DAY = 86_400_000;
const SHOWN = 15;

/** Shifts and orders of a line that are over, the newest first; the choice stands in the address as `range`. */
@customElement("isthmus-period")
export class PeriodMenu extends Part {
  @property() line = "";
  /** What is chosen, `from-to` in ms. */
  @property() range = "";
  @state() private to = 0;
  private readonly shifts = new Resource<Period[]>(this, () => this.address("shift"));
  private readonly orders = new Resource<Period[]>(this, () => this.address("order"));

  private address(kind: string): string | undefined {
    return this.line && this.to ? address("/api/periods", { kind, line: this.line, from: this.to - MOST_DAYS * DAY, to: this.to }) : undefined;
  }

  override render() {
    const [from, to] = this.range.split("-").map(Number);
    const label = this.range ? fromTo(from ?? 0, to ?? 0) : "earlier…";
    return menu(label, html`${this.list("Shifts", this.shifts)}${this.list("Orders", this.orders)}`, "period", () => (this.to = Math.floor(clock.now() / MINUTE) * MINUTE));
  }

  private list(title: string, { value, load }: Resource<Period[]>) {
    // an order that goes on ends when it was asked for
    const over = (value ?? []).filter((one) => one.end < this.to && one.end - one.start <= MOST_DAYS * DAY).slice(-SHOWN).reverse();
    const says = load.trouble?.error ?? (value ? "none is over" : "being asked…");
    return html`<div class="small muted">${title}</div>${over.length ? html`<div class="picks-list">${over.map((one) => this.pick(one))}</div>` : html`<div class="small">${says}</div>`}`;
  }

  private pick(one: Period) {
    const range = rangeText(one.start, one.end);
    return html`<button class="plain" aria-pressed=${range === this.range} @click=${(event: Event) => {
      closeMenu(event);
      setQuery({ range, window: undefined }, true);
    }}>${one.name || nothing} <span class="small muted">${fromTo(one.start, one.end)}</span></button>`;
  }
}
