import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { NotePage, Scorecard, ScorecardNote } from "../api/contract";
import { address, get } from "../api/get";
import { Resource } from "../api/resource";
import { clock } from "../app/clock";
import type { Site } from "../app/site";
import { withOlder, withPushedOut } from "../draw/notes";
import { Part } from "../parts/part";
import "../parts/card";
import "../parts/notes";
import "../parts/scorecard";

const REFRESH_MS = 15_000;

/** The scorecard: are both sides on target, and what was agreed? */
@customElement("isthmus-scorecard-page")
export class ScorecardPage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  private readonly answer = new Resource<Scorecard>(this, () => "/api/scorecard", { every: () => REFRESH_MS });
  @state() private older: readonly ScorecardNote[] = [];
  /** Notes before this number were not asked for yet; null where there is none, undefined before any page. */
  @state() private paged: number | null | undefined;
  @state() private trouble = "";
  private newest: readonly ScorecardNote[] = [];

  protected override willUpdate(): void {
    const notes = this.answer.value?.notes ?? this.newest;
    if (notes !== this.newest) this.older = withPushedOut(this.older, this.newest, notes);
    this.newest = notes;
  }

  override render() {
    return html`<main id="page" class="fit scorecard" tabindex="-1" @isthmus-noted=${this.noted}>${this.goals()}<div class="said">${this.actions()}${this.talk()}</div></main>`;
  }

  private get notes(): readonly ScorecardNote[] {
    return withOlder(this.answer.value?.notes ?? [], this.older);
  }

  private get rest(): number | null {
    return (this.paged === undefined ? this.answer.value?.before : this.paged) ?? null;
  }

  private readonly noted = (event: CustomEvent<ScorecardNote>) => {
    this.older = [event.detail, ...this.older.filter((note) => note.number !== event.detail.number)];
    this.answer.again();
  };

  private readonly more = async () => {
    this.trouble = "";
    try {
      const page = await get<NotePage>(address("/api/scorecard/notes", { before: this.rest ?? undefined }));
      this.older = [...this.older, ...page.notes];
      this.paged = page.before;
    } catch (cause) {
      this.trouble = cause instanceof Error ? cause.message : String(cause);
    }
  };

  /** Asks for older notes, where there are any. */
  private further() {
    return html`${this.rest === null ? nothing : html`<button class="plain" @click=${this.more}>older notes</button>`}<span role="status" class="small">${this.trouble}</span>`;
  }

  private goals() {
    const { value, load } = this.answer;
    const behind = value?.goals.filter((goal) => goal.verdict.endsWith("behind")).length ?? 0;
    const unknown = value?.goals.filter((goal) => goal.verdict === "unknown").length ?? 0;
    const sub = value ? `${value.goals.length} shared by OT and IT, ${behind} behind${unknown ? `, ${unknown} not known yet` : ""}; as of ${clock.minute(value.computed)}` : "";
    const blank = value && value.goals.length === 0 ? { title: "No goal to see", text: "your rights show no line of this plant" } : undefined;
    const trouble = value?.trouble || (value?.damaged ? `${value.damaged} notes could not be read: scorecard/notes.jsonl in the data folder is damaged` : "");
    const report = (form: string, word: string) => html`<a class="link" href=${address("/api/report", { kind: "shift", form })} download>${word}</a>`;
    const action = html`<span class="hide-m small">this shift: ${report("html", "HTML")} ${report("pdf", "PDF")} ${report("xlsx", "Excel")}</span> <button class="hide-s" @click=${() => window.print()}>Print</button>`;
    return html`<isthmus-card class="goals-card" heading="Goals" sub=${sub} .action=${action} .load=${load} ?hollow=${!value} .blank=${blank}>
      ${trouble ? html`<div class="fail notice" role="alert"><b>${trouble}</b></div>` : nothing}<isthmus-scorecard tabindex="0" .goals=${value?.goals ?? []}></isthmus-scorecard></isthmus-card>`;
  }

  private actions() {
    const { value, load } = this.answer;
    const all = this.notes.filter((note) => note.kind === "action");
    const sorted = [...all].sort((one, other) => Number(one.state !== "open") - Number(other.state !== "open") || (one.due || "9").localeCompare(other.due || "9"));
    const open = all.filter((note) => note.state === "open").length;
    return html`<isthmus-card heading="Actions" sub=${value ? `${open} open, ${all.length - open}${this.rest === null ? "" : " and more"} closed` : ""} .load=${load} ?hollow=${!value}>
      <isthmus-notes tabindex="0" .notes=${sorted} .goals=${value?.goals ?? []} .kinds=${["action"]}></isthmus-notes></isthmus-card>`;
  }

  private talk() {
    const { value, load } = this.answer;
    const notes = this.notes.filter((note) => note.kind !== "action");
    const decisions = notes.filter((note) => note.kind === "decision").length;
    return html`<isthmus-card heading="Decisions and comments" sub=${value ? `${decisions} decisions, ${notes.length - decisions} comments${this.rest === null ? "" : ", and older ones"}` : ""} .load=${load} ?hollow=${!value}>
      <isthmus-notes tabindex="0" .notes=${notes} .goals=${value?.goals ?? []} .kinds=${["decision", "comment"]}></isthmus-notes>${this.further()}</isthmus-card>`;
  }
}
