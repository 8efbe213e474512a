import { type PropertyValues, html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ScorecardNote } from "../api/contract";
import { ApiError, send } from "../api/get";
import { clock } from "../app/clock";
import { draftOf, keepDraft } from "../app/draft";
import { Part } from "./part";

/** What the shifts left for a line, and a field for one more note; what is typed stays until it is kept. */
@customElement("isthmus-shift-note")
export class ShiftNote extends Part {
  @property() line = "";
  @property() who = "";
  @property({ type: Boolean }) may = false;
  @property({ attribute: false }) notes: readonly ScorecardNote[] = [];
  @state() private text = "";
  @state() private told = "";
  @state() private failed = false;
  @state() private busy = false;

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("line") && !changed.has("who")) return;
    this.text = draftOf(this.who, this.line);
    this.told = "";
    this.failed = false;
  }

  override render() {
    return html`${this.may ? this.form() : nothing}<div role=${this.failed ? "alert" : "status"} class=${this.failed ? "fail" : "small"}>${this.told}</div>
      <ul class="notes">${this.notes.map((note) => html`<li><div class="b">${note.text}</div><div class="small muted">${note.kind === "action" ? "action, open; " : ""}${note.by}, ${clock.moment(note.time)}</div></li>`)}</ul>`;
  }

  private form() {
    return html`<form class="comment" @submit=${this.leave}><textarea class="field" maxlength="2000" required aria-label="Note for the next shift" placeholder="what the next shift should know" .value=${this.text} @input=${this.type}></textarea>
      <button class="touch" ?disabled=${this.busy || !this.text.trim()}>Leave this note</button></form>`;
  }

  private readonly type = (event: Event) => {
    this.text = (event.target as HTMLTextAreaElement).value;
    keepDraft(this.who, this.line, this.text);
  };

  private readonly leave = async (event: SubmitEvent) => {
    event.preventDefault();
    const { who, line, text } = this;
    this.busy = true;
    try {
      await send<ScorecardNote>("/api/scorecard/notes", { text, line });
      if (draftOf(who, line) === text) keepDraft(who, line, "");
      if (this.line === line && this.text === text) this.text = "";
      this.tell(`Kept at ${clock.minute(clock.now())}; the report of the shift prints it.`, false);
      this.dispatchEvent(new CustomEvent("isthmus-noted", { bubbles: true }));
    } catch (cause) {
      const why = cause instanceof ApiError ? `${cause.message}; ${cause.status === 0 ? "what you typed stays here, touch again when it does" : cause.hint}` : String(cause);
      this.tell(`Not kept: ${why}`, true);
    } finally {
      this.busy = false;
    }
  };

  private tell(text: string, failed: boolean): void {
    this.told = text;
    this.failed = failed;
  }
}
