import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { AlarmInfo } from "../api/contract";
import { ApiError, send } from "../api/get";
import { clock, duration } from "../app/clock";
import { marker } from "./marker";
import { Part } from "./part";

const LENGTHS = [30, 120, 480, 1440];
const REASONS = ["being repaired", "known cause", "nuisance", "test"];

/** Shelving an alarm: for how long, and why. Esc leaves without it. */
@customElement("isthmus-shelve")
export class Shelve extends Part {
  @property({ attribute: false }) alarm!: AlarmInfo;
  @state() private minutes = 30;
  @state() private reason = "";
  @state() private trouble: ApiError | undefined;
  @state() private busy = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("role", "dialog");
    this.setAttribute("aria-label", "Shelve alarm");
    this.addEventListener("keydown", this.key);
  }

  protected override firstUpdated(): void {
    this.querySelector<HTMLElement>("input")?.focus();
  }

  override render() {
    const { alarm } = this;
    const place = alarm.equipment.split("/").at(-1) ?? "";
    const lengths = LENGTHS.filter((minutes) => minutes * 60 <= (alarm.longest ?? 0));
    const until = clock.now() + this.minutes * 60_000;
    return html`<header class="row between"><h2>Shelve an alarm</h2><button class="plain" @click=${this.leave}>Esc</button></header>
      <div class="row">${marker(alarm.priority)}<div><b>${place} / ${alarm.title}</b><div class="small muted">${alarm.state.replaceAll("-", " ")} since ${clock.second(alarm.since)}</div></div></div>
      <fieldset><legend>For how long</legend>${lengths.map((minutes) => html`<label class="opt"><input type="radio" name="length" .checked=${minutes === this.minutes} @change=${() => (this.minutes = minutes)} />${duration(minutes * 60_000)}<span class="muted small">until ${clock.minute(clock.now() + minutes * 60_000)}</span></label>`)}
        <div class="tiny muted">at most ${duration((alarm.longest ?? 0) * 1000)} for this alarm, never for priority 1</div></fieldset>
      <fieldset><legend>Why</legend><div class="row wrap">${REASONS.map((word) => html`<button class="chip" @click=${() => (this.reason = word)}>${word}</button>`)}</div>
        <textarea class="field" aria-label="Reason" maxlength="1000" .value=${this.reason} @input=${(event: Event) => (this.reason = (event.target as HTMLTextAreaElement).value)}></textarea></fieldset>
      <div class="keep"><b class="small">While it is shelved</b><ul class="small"><li>it stays in this list and in the journal</li><li>it is judged, and comes back by itself at ${clock.minute(until)}</li></ul></div>
      <div role="status">${this.trouble ? html`<div class="fail"><b>${this.trouble.message}</b><span class="small">${this.trouble.hint}</span></div>` : nothing}</div>
      <div class="row between"><button @click=${this.leave}>Cancel</button><button class="btn main" ?disabled=${this.busy || !this.reason.trim()} @click=${this.shelve}>Shelve for ${duration(this.minutes * 60_000)}</button></div>`;
  }

  private readonly key = (event: KeyboardEvent) => {
    if (event.key === "Escape") this.leave();
  };

  private readonly leave = () => {
    this.dispatchEvent(new CustomEvent("isthmus-shelved", { bubbles: true }));
  };

  private readonly shelve = async () => {
    this.busy = true;
    this.trouble = undefined;
    try {
      await send<AlarmInfo[]>("/api/alarms/shelve", { alarms: [this.alarm.path], reason: this.reason, minutes: this.minutes });
      this.leave();
    } catch (cause) {
      this.trouble = cause instanceof ApiError ? cause : new ApiError(String(cause), "", 0);
    }
    this.busy = false;
  };
}
