import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { TagInfo, WriteOutcome } from "../api/contract";
import { ApiError, send } from "../api/get";
import { LiveTags } from "../api/live";
import { number, plain, unitText } from "../draw/number";
import { reading } from "./analog";
import { Part } from "./part";

const PAUSE = 300;
const WORDS: Record<string, string> = {
  written: "Written", simulated: "Simulated: nothing was sent", refused: "Refused", mismatch: "The machine holds another value",
  failed: "Not written", unknown: "Nobody can tell whether it was written: look at the machine",
};

/** A guarded write: the wish, what every guard says of it, the reason, the machine's name, what became of it. */
@customElement("isthmus-write")
export class Write extends Part {
  @property({ attribute: false }) tag!: TagInfo;
  /** The short name that has to be typed: the machine's. */
  @property() machine = "";
  @state() private wish = "";
  @state() private reason = "";
  @state() private typed = "";
  @state() private asked: WriteOutcome | undefined;
  @state() private done: WriteOutcome | undefined;
  @state() private trouble: ApiError | undefined;
  @state() private busy = false;
  private timer = 0;
  private asking = 0;
  protected readonly follow = new LiveTags(this, () => (this.tag ? [this.tag.id] : []));

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has("tag") || changed.get("tag") === undefined || (changed.get("tag") as TagInfo).id === this.tag.id) return;
    this.wish = this.reason = this.typed = "";
    this.asked = this.done = this.trouble = undefined;
  }

  private get body() {
    const value = Number(this.wish.replace(",", "."));
    return { path: this.tag.path, value: Number.isNaN(value) ? this.wish : value, reason: this.reason };
  }

  private get ready(): boolean {
    return !this.busy && this.asked?.allowed === true && this.typed === this.machine;
  }

  override render() {
    const { tag, asked, done } = this;
    const now = reading(tag).value;
    const unit = unitText(tag.unit);
    const step = `${now === null ? "?" : number(now)} → ${this.wish || "?"} ${unit}`;
    return html`<div class="wish"><div><span class="small muted">now</span><span class="big num">${now === null ? "–" : number(now)} <i class="muted small">${unit}</i></span></div>
        <span class="arrow" aria-hidden="true">→</span>
        <div><label class="small muted" for="wish">new</label><span class="row"><input id="wish" class="field num" inputmode="decimal" autocomplete="off" .value=${this.wish} @input=${this.wished} /><span class="muted">${unit}</span></span></div></div>
      <label class="small">Reason<input class="field" autocomplete="off" maxlength="1000" .value=${this.reason} @input=${this.reasoned} /></label>
      ${asked ? html`<ul class="verdicts" aria-label="What each guard says">${asked.verdicts.map((one) => html`<li class=${one.ok ? "" : "no"}>
          <svg width="12" height="12" viewBox="0 0 12 12" role="img" aria-label=${one.ok ? "passes" : "refuses"}><path class="pen" d=${one.ok ? "M1.5 6.5 4.5 9.5 10.5 2.5" : "M2 2 10 10M10 2 2 10"} /></svg>
          <span class=${one.ok ? "" : "b"}>${one.name}</span><span class="small muted">${one.reason}${!one.ok && one.change ? html`<br />→ ${one.change}` : nothing}</span></li>`)}</ul>`
        : html`<div class="small muted">type a value: every guard says whether it may be written, and why</div>`}
      <label class="small">Type <b>${this.machine}</b> to confirm<input class="field" autocomplete="off" spellcheck="false" .value=${this.typed} @input=${(event: Event) => (this.typed = (event.target as HTMLInputElement).value.trim())} /></label>
      <button class="btn main" ?disabled=${!this.ready} @click=${this.write}>${this.busy ? "Writing" : asked?.mode === "simulate" ? "Simulate" : "Write"} ${plain(tag.name)}: ${step}</button>
      <div role="status">${this.trouble ? html`<div class="fail"><b>${this.trouble.message}</b><span class="small">${this.trouble.hint}</span></div>` : done ? this.outcome(done) : nothing}</div>`;
  }

  private outcome(done: WriteOutcome) {
    const unit = unitText(done.unit ?? "");
    const held = done.after === null || done.after === undefined ? "" : `, read back ${number(done.after)} ${unit} after ${Math.round((done.seconds ?? 0) * 1000)} ms`;
    return html`<div class="outcome"><b>${WORDS[done.state] ?? done.state}</b><span>${done.before === null || done.before === undefined ? "?" : number(done.before)} → ${number(done.value)} ${unit}${held}</span>
      ${done.text ? html`<span class="small">${done.text}</span>` : nothing}
      <a class="link small" href="/api/ledger?about=${done.path}&kind=action" target="_blank" rel="noopener">record ${done.record} in the ledger</a></div>`;
  }

  private readonly wished = (event: Event) => {
    this.wish = (event.target as HTMLInputElement).value.trim();
    this.later();
  };

  private readonly reasoned = (event: Event) => {
    this.reason = (event.target as HTMLInputElement).value;
    this.later();
  };

  /** Ask the guards once the hand rests; an answer that came too late is not shown. */
  private later() {
    clearTimeout(this.timer);
    const turn = ++this.asking;
    if (!this.wish) {
      this.asked = undefined;
      return;
    }
    this.timer = window.setTimeout(async () => {
      try {
        const answer = await send<WriteOutcome>("/api/writes/preview", this.body);
        if (turn === this.asking) [this.asked, this.trouble] = [answer, undefined];
      } catch (error) {
        if (turn === this.asking) [this.asked, this.trouble] = [undefined, error as ApiError];
      }
    }, PAUSE);
  }

  private readonly write = async () => {
    this.busy = true;
    this.trouble = undefined;
    try {
      this.done = await send<WriteOutcome>("/api/writes", this.body);
      if (!this.done.allowed) this.asked = this.done;
      else [this.typed, this.asked] = ["", undefined];
    } catch (error) {
      this.trouble = error as ApiError;
    } finally {
      this.busy = false;
      this.typed = "";
    }
  };
}
