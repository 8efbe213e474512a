import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Period } from "../api/contract";
import { address } from "../api/get";
import { Resource } from "../api/resource";
import { clock } from "../app/clock";
import { daysBefore } from "../app/range";
import { closeMenu, menu } from "./menu";
import { Part } from "./part";

const DAY = 86_400_000;
const SHOWN = 8;

/** What a range is compared with: a day or a week before, another shift, another order. Fires `isthmus-compare` {offset, name}. */
@customElement("isthmus-compare")
export class CompareMenu extends Part {
  @property() line = "";
  @property({ type: Number }) from = 0;
  @property({ type: Number }) to = 1;
  /** Milliseconds that the compared range lies before; 0 for none. */
  @property({ type: Number }) offset = 0;
  @property() name = "";
  @state() private open = false;
  private readonly shifts = new Resource<Period[]>(this, () => this.address("shift", 8), { keep: true });
  private readonly orders = new Resource<Period[]>(this, () => this.address("order", 30), { keep: true });

  private address(kind: string, days: number): string | undefined {
    if (!this.open || !this.line) return undefined;
    const to = Math.ceil(Math.max(this.to, clock.now()) / 60_000) * 60_000;
    return address("/api/periods", { kind, line: this.line, from: to - days * DAY - (to - Math.min(to, this.to)), to });
  }

  override render() {
    const label = this.offset ? html`against ${this.name || "another time"}` : "Compare with…";
    return html`${menu(label, html`
      <div class="picks-list">${this.pick(this.from - daysBefore(this.from, 1), "the day before")}${this.pick(this.from - daysBefore(this.from, 7), "a week before")}${this.pick(this.to - this.from, "the time just before")}</div>
      ${this.list("Shifts", this.shifts.value)}${this.list("Orders", this.orders.value)}`, "compare", () => (this.open = true))}
      ${this.offset ? html`<button aria-label="Stop comparing" title="stop comparing" @click=${() => this.tell(0, "")}>✕</button>` : nothing}`;
  }

  /** Other stretches than the one that is shown, the newest first. */
  private list(title: string, found: Period[] | undefined) {
    const middle = (this.from + this.to) / 2;
    const own = found?.find((one) => one.start <= middle && middle < one.end);
    const others = (found ?? []).filter((one) => one !== own && one.start < this.to).slice(-SHOWN).reverse();
    if (others.length === 0) return nothing;
    const anchor = own?.start ?? this.from;
    return html`<div class="small muted">${title}</div><div class="picks-list">${others.map((one) => this.pick(anchor - one.start, one.kind === "shift" ? `${one.name} ${clock.weekday(one.start)}` : `${one.name}, ${clock.moment(one.start)}`))}</div>`;
  }

  private pick(offset: number, name: string) {
    return html`<button class="plain" aria-pressed=${offset === this.offset && name === this.name} @click=${(event: Event) => {
      closeMenu(event);
      this.tell(offset, name);
    }}>${name}</button>`;
  }

  private tell(offset: number, name: string): void {
    this.dispatchEvent(new CustomEvent("isthmus-compare", { bubbles: true, detail: { offset, name } }));
  }
}
