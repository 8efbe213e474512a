import { html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { ReasonInfo, StopInfo } from "../api/contract";
import { clock, duration } from "../app/clock";
import { outbox } from "../app/outbox";
import { meant } from "../app/questions";
import { MOST, type Word, newKey } from "../app/word";
import { type Offer, below, called, fullTitle, likely, question } from "../draw/reasons";
import { Part } from "./part";
import "./stop-cut";
import "./stop-history";

/** What was opened is left after so long without a touch, as where somebody walked away; a comment is kept. */
const HOLD_MS = 120_000;

/** What is said of a stop, as a page without an outbox of its own may want to hear it. */
export type Saying = Pick<Word, "kind"> & Partial<Word>;

/**
 * The question why a unit stood, and what may be answered: the likely reasons first, one touch each.
 *
 * What is touched is taken by the outbox, so nothing is lost where the site does not answer.
 */
@customElement("isthmus-stop-reason")
export class StopReason extends Part {
  @property({ attribute: false }) stop!: StopInfo;
  @property({ attribute: false }) reasons: readonly ReasonInfo[] = [];
  @property() who = "";
  /** Whether who looks may say why. */
  @property({ type: Boolean }) may = false;
  @state() private inside = "";
  @state() private comment = "";
  @state() private open: "" | "comment" | "cut" | "history" = "";
  @state() private full = false;
  @query(".q") private heading!: HTMLElement | null;
  @state() private early = false;
  private shown = "";
  /** Since when this stop is shown in place of another. */
  private since: number | undefined;
  private hand = 0;

  constructor() {
    super();
    for (const hand of ["click", "input", "keydown"]) this.addEventListener(hand, () => (this.hand = performance.now()));
  }

  /** Whether a hand is at it: something is typed, or opened to be touched. */
  get busy(): boolean {
    return this.comment !== "" || ((this.inside !== "" || this.open !== "") && performance.now() - this.hand < HOLD_MS);
  }

  /** Forgets what was begun. */
  leave(): void {
    this.inside = this.comment = this.open = "";
  }

  protected override willUpdate(): void {
    const key = `${this.stop.path} ${this.stop.start}`;
    if (key === this.shown) return;
    if (this.shown) this.since = performance.now();
    this.shown = key;
    this.leave();
    this.full = this.early = false;
  }

  /** Whether a touch is for this stop; one just after the question changed was for the one before. */
  private meant(): boolean {
    this.early = !meant(this.since, performance.now());
    return !this.early;
  }

  override render() {
    const { stop } = this;
    return html`<h2 class="q" tabindex="-1">${question(stop, clock.minute, duration)}</h2>${this.told()}
      ${this.may ? html`${this.inside ? this.details() : this.first()}
        ${this.full ? html`<div class="fail" role="alert"><b>${MOST} words wait already, no more is taken</b><span class="small">They go once the site answers; then say it again.</span></div>` : nothing}
        ${this.early ? html`<p class="small muted" role="status">Another stop is asked about now: the touch was meant for the one before.</p>` : nothing}
        <div class="touch-row"><button aria-expanded=${this.open === "comment"} @click=${() => this.toggle("comment")}>Comment${this.comment ? " ✓" : "…"}</button>
          <button aria-expanded=${this.open === "cut"} ?disabled=${stop.end - stop.start < 2_000} @click=${() => this.toggle("cut")}>Two causes: cut it…</button>
          ${stop.said ? html`<button @click=${this.takeBack}>Take back ${stop.said.reason ? `“${stop.said.title}”` : "the cut"}</button>` : nothing}${this.historyButton()}</div>` : html`<div class="touch-row">${this.historyButton()}</div>`}
      ${this.panel()}`;
  }

  /** What the machine tells, and what somebody said. */
  private told() {
    const { stop } = this;
    const now = stop.said?.reason ? html`<b>${fullTitle(this.reasons, stop.said.reason)}</b>, said by ${called(stop.said.by)} at ${clock.minute(stop.said.made)}${stop.said.comment ? `: “${stop.said.comment}”` : ""}`
      : stop.title ? html`the machine tells: ${stop.title}` : "nobody said why yet";
    return html`<p class="told">${now}${stop.alarm ? html`; first alarm: ${stop.alarm}` : nothing}</p>`;
  }

  /** What is likely, then what the vague word of the machine may mean, then everything else. */
  private first() {
    const offers = likely(this.stop, this.reasons);
    const [vague] = offers.filter((offer) => offer.opens);
    const clear = offers.filter((offer) => !offer.opens);
    const inside = vague ? below(this.reasons, vague.reason).filter((offer) => !clear.some((one) => one.reason === offer.reason)) : [];
    return html`${clear.length ? html`<h3>Likely: one touch confirms</h3><div class="tiles likely">${clear.map((offer) => this.tile(offer, "sug"))}</div>` : nothing}
      ${vague ? html`<h3>${vague.title}: what was it?</h3><div class="tiles">${inside.map((offer) => this.tile(offer))}${this.vague(vague.reason)}</div>` : nothing}
      <h3>${offers.length ? "Or something else?" : "What was it?"}</h3><div class="tiles">${below(this.reasons, "").filter((offer) => offer.reason !== vague?.reason).map((offer) => this.tile(offer))}</div>`;
  }

  private vague(reason: string) {
    return this.tile({ reason, title: `${fullTitle(this.reasons, reason)}, no more is known`, note: "", opens: false });
  }

  private details() {
    const title = fullTitle(this.reasons, this.inside);
    return html`<h3>${title}: what was it?</h3><div class="tiles">${below(this.reasons, this.inside).map((offer) => this.tile(offer))}
      ${this.vague(this.inside)}
      <button class="tile back" @click=${() => void this.enter("")}><b>Back</b><span>to all reasons</span></button></div>`;
  }

  private tile(offer: Offer, look = "") {
    const now = offer.reason === this.stop.said?.reason;
    return html`<button class="tile ${look} ${now ? "on" : ""}" aria-pressed=${now} data-reason=${offer.reason} @click=${() => this.touch(offer)}>
      <b>${offer.title}${offer.opens ? "…" : ""}</b>${offer.note ? html`<span>${offer.note}</span>` : nothing}</button>`;
  }

  private historyButton() {
    return html`<button aria-expanded=${this.open === "history"} @click=${() => this.toggle("history")}>What was said of it</button>`;
  }

  private panel() {
    const { stop } = this;
    if (this.open === "comment") {
      return html`<label class="comment"><span>Comment; it goes with the reason that you touch next</span>
        <textarea class="field" rows="2" maxlength="1000" .value=${this.comment} @input=${(event: Event) => (this.comment = (event.target as HTMLTextAreaElement).value)}></textarea></label>`;
    }
    if (this.open === "cut") return html`<isthmus-stop-cut .from=${stop.start} .to=${stop.end} @isthmus-cut=${this.cut}></isthmus-stop-cut>`;
    if (this.open === "history") return html`<isthmus-stop-history .path=${stop.path} .start=${stop.start} .version=${stop.version ?? 0}></isthmus-stop-history>`;
    return nothing;
  }

  private toggle(what: "comment" | "cut" | "history"): void {
    this.open = this.open === what ? "" : what;
    const inside = { comment: "textarea", cut: "input", history: "" }[what];
    if (this.open && inside) void this.updateComplete.then(() => requestAnimationFrame(() => this.querySelector<HTMLElement>(`isthmus-stop-cut ${inside}, .comment ${inside}`)?.focus()));
  }

  private async enter(reason: string): Promise<void> {
    this.inside = reason;
    await this.updateComplete;
    this.querySelector<HTMLElement>(".tile")?.focus();
  }

  private touch(offer: Offer): void {
    if (!this.meant()) return;
    if (offer.opens) void this.enter(offer.reason);
    else this.say(offer);
  }

  private say(offer: Offer): void {
    this.put({ kind: "say", reason: offer.reason, title: fullTitle(this.reasons, offer.reason), comment: this.comment.trim() });
  }

  private readonly cut = (event: CustomEvent<number>) => this.put({ kind: "cut", at: event.detail });

  private readonly takeBack = () => {
    const said = this.stop.said;
    if (said && this.meant()) this.put({ kind: "undo", number: said.number, title: said.reason ? said.title : "" });
  };

  private put(saying: Saying): void {
    const { stop } = this;
    const word: Word = { key: newKey(), who: this.who, path: stop.path, unit: stop.unit, start: stop.start, end: stop.end, version: stop.version ?? 0, made: Date.now(), tries: 0, ...saying };
    this.full = !outbox.put(word);
    if (this.full) return;
    this.leave();
    this.dispatchEvent(new CustomEvent("isthmus-worded", { detail: word, bubbles: true }));
    void this.updateComplete.then(() => this.heading?.focus({ preventScroll: true }));
  }
}
