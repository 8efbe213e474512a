import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Reports } from "../api/contract";
import { ApiError, address, ask } from "../api/get";
import { Resource } from "../api/resource";
import { clock } from "../app/clock";
import { fieldTime } from "../app/range";
import type { Site } from "../app/site";
import { Part } from "../parts/part";
import { FORM_WORDS } from "../parts/report-plan";
import "../parts/card";

const REFRESH_MS = 20_000;
const KINDS = ["shift", "day", "week"];

/** The reports: what was made after shifts, days and weeks, and one of any time now. */
@customElement("isthmus-reports-page")
export class ReportsPage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  @state() private told = "";
  @state() private busy = false;
  private readonly answer = new Resource<Reports>(this, () => "/api/reports", { every: () => REFRESH_MS });

  override render() {
    return html`<main id="page" class="fit reports" tabindex="-1" @isthmus-reported=${() => this.answer.again()}>${this.plans()}${this.now()}</main>`;
  }

  private plans() {
    const { value, load } = this.answer;
    const failing = value?.plans.filter((plan) => plan.error).length ?? 0;
    const sub = value ? `${value.plans.length} made by themselves${failing ? `, ${failing} failing` : ""}` : "";
    const blank = value && value.plans.length === 0 ? { title: "No report is made by itself yet", text: "name one in plant.yaml: reports: {line1-shift: {what: shift, of: packaging/line1}}" } : undefined;
    return html`<isthmus-card heading="Scheduled reports" sub=${sub} .load=${load} ?hollow=${!value} .blank=${blank}>
      ${value?.trouble ? html`<div class="fail notice" role="alert"><b>${value.trouble}</b></div>` : nothing}
      <div class="plans" tabindex="0">${value?.plans.map((plan) => html`<isthmus-report-plan .plan=${plan}></isthmus-report-plan>`)}</div></isthmus-card>`;
  }

  private now() {
    const { value, load } = this.answer;
    const choices = (words: readonly string[], name: (word: string) => string) => words.map((word) => html`<option value=${word}>${name(word)}</option>`);
    const form = html`<form class="report" @submit=${this.fetch}>
      <label class="small">Of<select class="field" name="path">${choices(value?.places ?? [], (path) => (path === "/" ? "the whole site" : path))}</select></label>
      <label class="small">Which time<select class="field" name="kind">${choices(KINDS, (kind) => kind)}</select></label>
      <label class="small">Around (${clock.zone(clock.now())}; empty: now)<input class="field" type="datetime-local" name="at" /></label>
      <label class="small">As<select class="field" name="form">${choices(value?.forms ?? [], (kind) => FORM_WORDS[kind] ?? kind)}</select></label>
      <button class="btn main" ?disabled=${this.busy || !value?.places.length}>Make and download</button>
      <div role="status" class="small">${this.told}</div></form>`;
    return html`<isthmus-card heading="One of any time" sub="also of one that still runs" .load=${load} ?hollow=${!value}>${form}</isthmus-card>`;
  }

  private readonly fetch = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = Object.fromEntries([...new FormData(event.target as HTMLFormElement)].map(([name, value]) => [name, String(value)]));
    const { at, ...rest } = fields;
    this.busy = true;
    this.told = "making it";
    try {
      const moment = at ? fieldTime(at) : undefined;
      const response = await ask(address("/api/report", { ...rest, at: moment }), undefined, "*/*");
      const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "report";
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await response.blob());
      link.download = name;
      link.click();
      URL.revokeObjectURL(link.href);
      this.told = `made: ${name}`;
    } catch (cause) {
      const hint = cause instanceof ApiError && cause.hint ? `; ${cause.hint}` : "";
      this.told = `${cause instanceof Error ? cause.message : String(cause)}${hint}`;
    } finally {
      this.busy = false;
    }
  };
}
