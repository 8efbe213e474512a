import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { AlarmInfo, Period } from "../api/contract";
import { ApiError, address, send } from "../api/get";
import { Resource } from "../api/resource";
import { clock, duration, exact, when } from "../app/clock";
import { lengths } from "../draw/alarms";
import { marker } from "./marker";
import { Part } from "./part";

const REASONS = ["being repaired", "known cause", "nuisance", "test"];

/** Shelving an alarm: for how long, and why. Esc leaves without it. */
@customElement("isthmus-shelve")
export class Shelve extends Part {
  @property({ attribute: false }) alarm!: AlarmInfo;
  /** The line whose shift may be shelved to its end, empty where there is none. */
  @property() line = "";
  @state() private length = "30";
  @state() private reason = "";
  @state() private trouble: ApiError | undefined;
  @state() private busy = false;
  private readonly opened = Math.floor(clock.now());
  private readonly shifts = new Resource<Period[]>(this, () => (this.line ? address("/api/periods", { kind: "shift", line: this.line, from: this.opened, to: this.opened + 1 }) : undefined));

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
    const now = clock.now();
    const found = this.lengths(now);
    const chosen = found.find((one) => one.name === this.length) ?? found[0];
    const ends = (minutes: number) => when(now + minutes * 60_000);
    return html`<header class="row between"><h2>Shelve an alarm</h2><button class="plain" @click=${this.leave}>Esc</button></header>
      <div class="row">${marker(alarm.priority)}<div><b>${place} / ${alarm.title}</b><div class="small muted">${alarm.state.replaceAll("-", " ")} since ${exact(alarm.since)}</div></div></div>
      <fieldset><legend>For how long</legend>${found.map((one) => html`<label class="opt"><input type="radio" name="length" .checked=${one === chosen} @change=${() => (this.length = one.name)} />${one.title}<span class="muted small">until ${ends(one.minutes)}</span></label>`)}
        <div class="tiny muted">at most ${duration((alarm.longest ?? 0) * 1000)} for this alarm, never for priority 1</div></fieldset>
      <fieldset><legend>Why</legend><div class="row wrap">${REASONS.map((word) => html`<button class="chip" @click=${() => (this.reason = word)}>${word}</button>`)}</div>
        <textarea class="field" aria-label="Reason" maxlength="1000" .value=${this.reason} @input=${(event: Event) => (this.reason = (event.target as HTMLTextAreaElement).value)}></textarea></fieldset>
      <div class="keep"><b class="small">While it is shelved</b><ul class="small"><li>it stays in this list and in the journal</li><li>it is judged, and comes back by itself: ${ends(chosen?.minutes ?? 0)}</li></ul></div>
      <div role="status">${this.trouble ? html`<div class="fail"><b>${this.trouble.message}</b><span class="small">${this.trouble.hint}</span></div>` : nothing}</div>
      <div class="row between"><button @click=${this.leave}>Cancel</button><button class="btn main" ?disabled=${this.busy || !chosen || !this.reason.trim()} @click=${() => void this.shelve(chosen?.name)}>${chosen?.name === "shift" ? `Shelve until ${ends(chosen.minutes)}` : `Shelve for ${chosen?.title ?? ""}`}</button></div>`;
  }

  private lengths(now: number) {
    const shift = this.shifts.value?.find((one) => one.start <= now && now < one.end);
    return lengths(this.alarm, shift && shift.end - now);
  }

  private readonly key = (event: KeyboardEvent) => {
    if (event.key === "Escape") this.leave();
  };

  private readonly leave = () => {
    this.dispatchEvent(new CustomEvent("isthmus-shelved", { bubbles: true }));
  };

  private async shelve(length: string | undefined): Promise<void> {
    const chosen = this.lengths(clock.now()).find((one) => one.name === length);
    if (!chosen) {
      this.requestUpdate(); // the shift is over
      return;
    }
    this.busy = true;
    this.trouble = undefined;
    try {
      await send<AlarmInfo[]>("/api/alarms/shelve", { alarms: [this.alarm.path], reason: this.reason, minutes: chosen.minutes });
      this.leave();
    } catch (cause) {
      this.trouble = cause instanceof ApiError ? cause : new ApiError(String(cause), "", 0);
    }
    this.busy = false;
  }
}
