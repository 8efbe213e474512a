import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import type { GoalStand, ScorecardNote } from "../api/contract";
import { ApiError, get, send } from "../api/get";
import { clock } from "../app/clock";
import { dayOf } from "../draw/standing";
import { Part } from "./part";

type Sort = ScorecardNote["kind"];
type Fields = Record<string, string>;

const WORDS: Record<Sort, string> = { comment: "Comment", decision: "Decision", action: "Action" };

function failure(cause: unknown): string {
  const hint = cause instanceof ApiError && cause.hint ? `; ${cause.hint}` : "";
  return `${cause instanceof Error ? cause.message : String(cause)}${hint}`;
}

/** Notes of the scorecard, the newest first, each with its versions; and a form for one more. */
@customElement("isthmus-notes")
export class Notes extends Part {
  @property({ attribute: false }) notes: readonly ScorecardNote[] = [];
  @property({ attribute: false }) goals: readonly GoalStand[] = [];
  /** What can be written here, the usual one first. */
  @property({ attribute: false }) kinds: readonly Sort[] = ["comment", "decision"];
  @state() private told = "";
  @state() private busy = false;
  /** The version whose text is being changed, as it was when that began; others write meanwhile. */
  @state() private editing: ScorecardNote | undefined;
  @state() private versions: Record<number, ScorecardNote[]> = {};

  private get doing(): boolean {
    return this.kinds.includes("action");
  }

  override render() {
    return html`<ul class="notes">${repeat(this.notes, (note) => note.number, (note) => this.note(note))}</ul>${this.form()}<div role="status" class="small">${this.told}</div>`;
  }

  private note(note: ScorecardNote) {
    const goal = this.goals.find((one) => one.name === note.goal)?.title ?? (note.goal || note.line);
    const open = note.kind === "action" && note.state === "open";
    const due = note.due ? `due ${dayOf(note.due)}` : "no day set";
    const begun = this.editing?.number === note.number ? this.editing : undefined;
    const doing = note.kind === "action" ? html`<div class="small">${note.side ? `${note.side.toUpperCase()}: ` : ""}${note.who || "nobody yet"}, ${due}</div>` : nothing;
    return html`<li><div class="row between small muted"><span>${clock.moment(note.time)}</span><span class="chip">${note.kind === "action" ? note.state : note.kind}</span></div>
      ${begun ? this.edit(begun, note) : html`<div class="b">${note.text}</div>`}${doing}
      <div class="small muted">${note.by}${goal ? `, about ${goal}` : ""}</div>
      <div class="row wrap">${open ? html`<button ?disabled=${this.busy} @click=${() => void this.change(note, { state: "done" })}>Done</button><button ?disabled=${this.busy} @click=${() => void this.change(note, { state: "dropped" })}>Drop</button>` : nothing}
        ${note.kind === "action" && !open ? html`<button ?disabled=${this.busy} @click=${() => void this.change(note, { state: "open" })}>Open again</button>` : nothing}
        <button class="plain" ?disabled=${this.busy} @click=${() => (this.editing = begun ? undefined : note)} aria-expanded=${Boolean(begun)}>change the text</button></div>
      ${note.version > 1 ? html`<details @toggle=${() => void this.look(note)}><summary class="small link">${note.version} versions</summary><ol>${(this.versions[note.number] ?? []).map((one) => html`<li class="small">${one.text}${one.kind === "action" ? ` (${one.state})` : ""} <span class="muted">${one.by}, ${clock.moment(one.time)}</span></li>`)}</ol></details>` : nothing}</li>`;
  }

  /** The form for the text of `begun`; what others made of it meanwhile stands above, to be taken into account. */
  private edit(begun: ScorecardNote, now: ScorecardNote) {
    const done = (event: SubmitEvent) => {
      event.preventDefault();
      void this.change(begun, { text: this.fields(event).text ?? "" });
    };
    const other = now.version > begun.version ? html`<div class="b">${now.text}</div><div class="row wrap small"><span>version ${now.version} by ${now.by}, written meanwhile</span>
      <button type="button" class="plain" @click=${() => (this.editing = { ...now, text: begun.text })}>put mine after it</button></div>` : nothing;
    return html`${other}<form class="note" @submit=${done}><textarea class="field" name="text" rows="3" maxlength="2000" aria-label="Text of note ${begun.number}" required .value=${begun.text}></textarea>
      <div class="row"><button class="btn main" ?disabled=${this.busy}>Keep as version ${begun.version + 1}</button></div></form>`;
  }

  private form() {
    const kinds = this.kinds.length > 1 ? html`<select class="field" name="kind" aria-label="Kind">${this.kinds.map((kind) => html`<option value=${kind}>${WORDS[kind]}</option>`)}</select>` : nothing;
    const doing = this.doing ? html`<div class="row"><select class="field" name="side" aria-label="Side"><option value="ot">OT</option><option value="it">IT</option></select>
      <input class="field" name="who" aria-label="Who does it" placeholder="who" maxlength="200" /><input class="field" type="date" name="due" aria-label="Due" /></div>` : nothing;
    return html`<form class="note" @submit=${this.write}><textarea class="field" name="text" rows="2" maxlength="2000" required aria-label=${this.doing ? "What is to be done" : "What to say"} placeholder=${this.doing ? "what is to be done" : "what was found, what was decided"}></textarea>${doing}
      <div class="row">${kinds}<select class="field" name="goal" aria-label="About"><option value="">no goal</option>${this.goals.map((goal) => html`<option value=${goal.name}>${goal.title}</option>`)}</select>
        <button class="btn" ?disabled=${this.busy}>${this.doing ? "Add the action" : "Write it down"}</button></div></form>`;
  }

  private fields(event: SubmitEvent): Fields {
    return Object.fromEntries([...new FormData(event.target as HTMLFormElement)].map(([name, value]) => [name, String(value)]));
  }

  private readonly write = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const made = await this.ask("/api/scorecard/notes", { kind: this.kinds[0], ...this.fields(event) });
    if (made) form.reset();
  };

  private async change(note: ScorecardNote, news: Partial<Pick<ScorecardNote, "text" | "state">>): Promise<void> {
    const kept = await this.ask(`/api/scorecard/notes/${note.number}`, { version: note.version, ...news });
    if (kept?.number !== this.editing?.number) return;
    this.editing = kept && this.editing && news.text === undefined ? { ...kept, text: this.editing.text } : undefined;
  }

  private async ask(path: string, body: unknown): Promise<ScorecardNote | undefined> {
    this.busy = true;
    try {
      const kept = await send<ScorecardNote>(path, body);
      this.told = `kept: ${kept.kind} ${kept.number}, version ${kept.version}`;
      this.dispatchEvent(new CustomEvent<ScorecardNote>("isthmus-noted", { detail: kept, bubbles: true }));
      return kept;
    } catch (cause) {
      this.told = failure(cause);
      return undefined;
    } finally {
      this.busy = false;
    }
  }

  private async look(note: ScorecardNote): Promise<void> {
    try {
      this.versions = { ...this.versions, [note.number]: await get<ScorecardNote[]>(`/api/scorecard/notes/${note.number}`) };
    } catch (cause) {
      this.told = failure(cause);
    }
  }
}
