import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { ProposalInfo, RuleInfo, RuleList } from "../api/contract";
import { ApiError, send } from "../api/get";
import { Resource } from "../api/resource";
import { clock, duration } from "../app/clock";
import { single } from "../app/keys";
import { setQuery } from "../app/route";
import type { Site } from "../app/site";
import { Part } from "../parts/part";
import { standing } from "../parts/rule-list";
import { spelt } from "../parts/rule-trial";
import "../parts/card";
import "../parts/proposal-list";
import "../parts/rule-list";
import "../parts/rule-trial";

const OFTEN_MS = 10_000;

/** The rules page: what is done without being asked, and would it have been right? */
@customElement("isthmus-rules-page")
export class RulesPage extends Part {
  @property({ attribute: false }) site!: Site;
  @property({ attribute: false }) query = new URLSearchParams();
  private readonly rules = new Resource<RuleList>(this, () => "/api/rules", { every: () => OFTEN_MS, keep: true });
  private readonly work = new Resource<ProposalInfo[]>(this, () => "/api/proposals", { every: () => OFTEN_MS, keep: true });
  @state() private busy = false;
  @state() private trouble: ApiError | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.pressed);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.pressed);
  }

  private get chosen(): RuleInfo | undefined {
    const all = this.rules.value?.rules ?? [];
    return all.find((rule) => rule.name === this.query.get("rule")) ?? all[0];
  }

  override render() {
    return html`<main id="page" class="rules" tabindex="-1" @isthmus-choose=${(event: CustomEvent<RuleInfo>) => this.choose(event.detail)} @isthmus-tried=${() => this.rules.again()} @isthmus-decided=${() => this.work.again()}>
      <div class="side">${this.attention()}${this.list()}${this.proposals()}</div><div class="side">${this.one()}${this.trial()}</div></main>`;
  }

  private choose(rule: RuleInfo): void {
    this.trouble = undefined;
    setQuery({ rule: rule.name });
  }

  private attention() {
    const { value, load } = this.rules;
    const found = (value?.rules ?? []).flatMap((rule) => rule.concerns.map((concern) => ({ rule, concern })));
    const site = [value?.trouble ?? "", value?.lost ? `${value.lost} samples came faster than rules could be judged` : "", value?.held_back ? `${value.held_back} actions were held back: more than 60 in a minute` : "", value?.dropped ? `${value.dropped} events and proposals were lost` : ""].filter(Boolean);
    if (value && !found.length && !site.length) return nothing;
    return html`<isthmus-card heading="Needs attention" sub=${value ? `${found.length + site.length}` : ""} .load=${load} ?hollow=${!value}><ul class="concerns">${site.map((text) => html`<li><b>${text}</b></li>`)}
      ${found.map(({ rule, concern }) => html`<li><button class="plain" @click=${() => this.choose(rule)}>${rule.title || rule.name}</button><span>${concern.text}</span><small class="muted">${concern.advice}</small></li>`)}</ul></isthmus-card>`;
  }

  private list() {
    const { value, load } = this.rules;
    const all = value?.rules ?? [];
    const on = all.filter((rule) => rule.on.length).length;
    const sub = value ? `${all.filter((rule) => rule.acting).length} of ${all.length} act, ${on} hold now; the last look took ${Math.round(1000 * value.seconds)} ms${value.late ? `, ${value.late} samples came late` : ""}` : "";
    const blank = value && !all.length ? { title: "No rule is written", text: "write `rules:` in the plant file: docs/guides/rules.md" } : undefined;
    return html`<isthmus-card heading="Rules" sub=${sub} .load=${load} ?hollow=${!value} .blank=${blank}><div class="scroll" tabindex="0"><isthmus-rule-list .rules=${all} selected=${this.chosen?.name ?? ""}></isthmus-rule-list></div></isthmus-card>`;
  }

  private proposals() {
    const { value, load } = this.work;
    const open = value?.filter((one) => one.state === "open").length ?? 0;
    const blank = value && !value.length ? { title: "No work is proposed", text: "a rule proposes it with `work_order:`" } : undefined;
    return html`<isthmus-card heading="Proposed work" sub=${value ? `${open} open, ${value.length - open} decided` : ""} .load=${load} ?hollow=${!value} .blank=${blank}><isthmus-proposal-list .proposals=${value ?? []}></isthmus-proposal-list></isthmus-card>`;
  }

  private one() {
    const rule = this.chosen;
    if (!rule) return nothing;
    const { word, look } = standing(rule);
    const seen = rule.seen ? `${rule.seen.by}, ${clock.moment(rule.seen.time)}: ${rule.seen.firings} firings in ${duration(86_400_000 * rule.seen.days)}${rule.seen.present ? "" : ", of another text"}` : "nobody";
    const facts: [string, unknown][] = [
      ["When", html`<code>${rule.when}</code>`],
      ["For", spelt(rule.lasting)],
      ["Until", rule.until ? html`<code>${rule.until}</code>` : ""],
      ["Deadband", rule.deadband ?? ""],
      ["At most every", spelt(rule.at_most_every)],
      ["During", rule.during ?? ""],
      ["At", rule.places.length > 4 ? `${rule.places.slice(0, 4).join(", ")} and ${rule.places.length - 4} more` : rule.places.join(", ")],
      ["Does", html`${rule.does.map((does) => html`<div>${does}</div>`)}`],
      ["Holds now", rule.on.join(", ") || "nowhere"],
      ["Last fired", rule.last ? clock.full(rule.last) : "never since it is kept"],
      ["Tried by", seen],
    ];
    const action = html`<button ?disabled=${this.busy} @click=${() => void this.switch(rule)}>${rule.disabled ? "Let it act again" : "Keep it from acting"}</button>`;
    return html`<isthmus-card class="rule" heading=${rule.title || rule.name} sub=${rule.name} .action=${action} .load=${this.rules.load}>
      ${this.trouble ? html`<div class="fail notice" role="alert"><b>${this.trouble.message}</b><span class="small">${this.trouble.hint}</span></div>` : nothing}
      <div class="row wrap"><span class="state ${look}">${word}</span>${rule.why ? html`<span class="small muted">it tells only: ${rule.why}</span>` : nothing}</div>
      <dl class="facts">${facts.filter(([, said]) => said !== "").map(([name, said]) => html`<dt>${name}</dt><dd>${said}</dd>`)}</dl></isthmus-card>`;
  }

  private trial() {
    const rule = this.chosen;
    if (!rule) return nothing;
    return html`<isthmus-card heading="Try it on history" sub="the same code judges the past and the present"><isthmus-rule-trial .rule=${rule}></isthmus-rule-trial></isthmus-card>`;
  }

  private async switch(rule: RuleInfo): Promise<void> {
    this.busy = true;
    this.trouble = undefined;
    try {
      await send<RuleInfo>(`/api/rules/${rule.name}/switch`, { enabled: rule.disabled });
    } catch (cause) {
      this.trouble = cause instanceof ApiError ? cause : new ApiError(String(cause), "", 0);
    }
    this.busy = false;
    this.rules.again();
  }

  private readonly pressed = (event: KeyboardEvent) => this.key(event);

  /** `j` and `k` move among the rules. */
  private key(event: KeyboardEvent): void {
    if (!single(event) || (event.key !== "j" && event.key !== "k")) return;
    const all = this.rules.value?.rules ?? [];
    const at = all.findIndex((rule) => rule.name === this.chosen?.name);
    const next = all[Math.min(all.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
    if (next) this.choose(next);
  }
}
