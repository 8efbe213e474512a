import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { AccountInfo, EmergencyInfo, Me, NewAccount, PolicyInfo, TokenInfo } from "../api/contract";
import { send } from "../api/get";
import { Resource } from "../api/resource";
import "../parts/card";
import { Part } from "../parts/part";
import { said } from "../parts/sign-in";
import { day, table } from "./account";

const ROLES = ["viewer", "operator", "maintainer", "engineer", "planner", "security", "auditor", "admin"];

/** Users: who may enter, with which roles; which programs; which emergencies wait for a review. */
@customElement("isthmus-users-page")
export class UsersPage extends Part {
  private readonly accounts = new Resource<AccountInfo[]>(this, () => "/api/accounts", { keep: true });
  private readonly tokens = new Resource<TokenInfo[]>(this, () => "/api/tokens", { keep: true });
  private readonly emergencies = new Resource<EmergencyInfo[]>(this, () => "/api/emergencies", { keep: true });
  private readonly me = new Resource<Me>(this, () => "/api/session", { keep: true });
  private readonly rules = new Resource<PolicyInfo>(this, () => "/api/policy", { keep: true });
  @state() private made: NewAccount | undefined;
  @state() private note: { error: string; hint: string } | undefined;

  override render() {
    const open = (this.emergencies.value ?? []).filter((one) => !one.reviewed);
    return html`<main id="page" class="account" tabindex="-1">
      ${this.note ? html`<isthmus-card heading="That did not work"><p role="alert"><b>${this.note.error}</b><br /><span class="muted">${this.note.hint}</span></p></isthmus-card>` : nothing}
      ${open.length ? html`<isthmus-card heading="Emergencies to review" sub="somebody broke the glass; say what you found">${open.map((one) => html`<form class="toolbar" @submit=${(event: SubmitEvent) => this.review(event, one.number)}><span>${day(one.opened)}: <b>${one.reason}</b></span><label>Found <input class="field" name="note" minlength="8" maxlength="300" required /></label><button>Close it</button></form>`)}</isthmus-card>` : nothing}
      ${this.people()}${this.add()}${this.policy()}${this.programs()}</main>`;
  }

  private people() {
    const { value, load } = this.accounts;
    const rows = (value ?? []).map((one) => [html`<b>${one.title || one.name}</b> <span class="muted">${one.name}</span>`, this.roles(one),
      one.state === "disabled" ? "disabled" : one.password || one.passkeys.length || one.company ? "active" : "not enrolled yet", day(one.signed_in), String(one.sessions), html`<span class="toolbar">
        <button class="plain" ?disabled=${this.oneself(one)} title=${this.oneself(one) ? "nobody disables themselves" : ""} @click=${() => this.do(() => send(`/api/accounts/${one.name}`, { state: one.state === "active" ? "disabled" : "active" }, "PATCH"))}>${one.state === "active" ? "Disable" : "Enable"}</button>
        <button class="plain" @click=${() => this.do(async () => (this.made = await send<NewAccount>(`/api/accounts/${one.name}/enrolment`)))}>New link</button>
        ${one.sessions ? html`<button class="plain" @click=${() => this.do(() => send(`/api/accounts/${one.name}/sign-out`))}>Sign out</button>` : nothing}</span>`]);
    return html`<isthmus-card heading="People" sub=${value ? `${value.length} accounts` : ""} .load=${load} ?hollow=${!value}>${table(["Account", "Roles", "State", "Last sign-in", "Sessions", ""], rows, "Nobody yet: add the first below")}
      ${this.made ? html`<p>Give this link to ${this.made.account.title || this.made.account.name}; it works once, within three days: <code class="secret">${this.made.link}</code></p>` : nothing}</isthmus-card>`;
  }

  /** What an account was granted itself, and a way to change it; its teams and groups bring more. */
  private roles(one: AccountInfo) {
    const belongs = [...one.teams.map((team) => `team ${team}`), ...one.groups.map((group) => `group ${group}`)].join(", ");
    const change = (roles: { role: string; at: string }[]) => this.do(() => send(`/api/accounts/${one.name}`, { roles }, "PATCH"));
    const held = one.grants.map(({ role, at }) => ({ role, at: at ?? "" }));
    const told = html`${held.map((grant) => `${grant.role} at ${grant.at || "all"}`).join(", ") || "none of its own"}${belongs ? html`<br /><span class="small muted">${belongs}</span>` : nothing}`;
    if (this.oneself(one)) return html`${told}<br /><span class="small muted">Nobody changes their own rights: ask another administrator.</span>`;
    return html`${told}
      <details class="small"><summary>Change</summary>${held.map((grant, place) => html`<div class="row between"><span>${grant.role} at ${grant.at || "all"}</span><button class="plain" @click=${() => change(held.filter((_, other) => other !== place))}>Take away</button></div>`)}
        <form class="toolbar" @submit=${(event: SubmitEvent) => {
          event.preventDefault();
          const words = Object.fromEntries(new FormData(event.target as HTMLFormElement)) as Record<string, string>;
          void change([...held, { role: words.role ?? "", at: words.at ?? "" }]);
        }}>${this.choice()}<button>Grant</button></form></details>`;
  }

  /** Whether an account is that of whoever looks at it. */
  private oneself(one: AccountInfo): boolean {
    return this.me.value?.id === `person:${one.name}`;
  }

  /** A role, and where it counts. */
  private choice() {
    return html`<label>Role <select class="field" name="role">${ROLES.map((role) => html`<option>${role}</option>`)}</select></label>
      <label>At <input class="field" name="at" maxlength="300" placeholder="packaging/line1; empty is all" /></label>`;
  }

  /** What the plant file grants and denies; it is changed there, and takes effect by a command. */
  private policy() {
    const { value, load } = this.rules;
    const rows = [...(value?.grants ?? []).map((one) => [one.who, one.role, one.at || "all", one.zone]), ...(value?.deny ?? []).map((one) => [one.who, html`never ${one.rights.join(", ")}`, one.at || "all", one.zone])];
    const sub = value?.rolled_back ? "rolled back: the plant file says something else" : "isthmus policy dry-run, then apply, changes it";
    return html`<isthmus-card heading="Granted by the plant file" sub=${sub} .load=${load} ?hollow=${!value}>${table(["Who", "Role", "At", "Zone"], rows, "Nothing: write access: {grants: [...]} into the plant file")}</isthmus-card>`;
  }

  private add() {
    return html`<isthmus-card heading="Add somebody" sub="they choose their own password; there is none before"><form class="toolbar" @submit=${this.added}>
      <label>Account <input class="field" name="name" pattern="[a-z][a-z0-9._@\\-]*" maxlength="63" placeholder="anna" required /></label>
      <label>Name <input class="field" name="title" maxlength="120" placeholder="Anna Ek" /></label>
      ${this.choice()}<button class="btn main">Add</button></form></isthmus-card>`;
  }

  private programs() {
    const { value, load } = this.tokens;
    const rows = (value ?? []).map((one) => [html`<b>${one.name}</b> <span class="muted">${one.who}</span>`, `${one.rights.join(", ")} at ${one.at.join(", ") || "all of the plant"}`, one.expired ? "ended" : day(one.until), day(one.used), one.by,
      html`<button class="plain" @click=${() => this.do(() => send(`/api/tokens/${one.number}`, undefined, "DELETE"))}>Revoke</button>`]);
    return html`<isthmus-card heading="Tokens of programs" .load=${load} ?hollow=${!value}>${table(["Token", "May", "Until", "Last used", "Made by", ""], rows, "None: isthmus token add NAME --right read")}</isthmus-card>`;
  }

  private readonly added = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const words = Object.fromEntries(new FormData(form)) as Record<string, string>;
    void this.do(async () => {
      this.made = await send<NewAccount>("/api/accounts", { name: words.name, title: words.title, roles: [{ role: words.role, at: words.at }] });
      form.reset();
    });
  };

  private review(event: SubmitEvent, number: string): void {
    event.preventDefault();
    const note = new FormData(event.target as HTMLFormElement).get("note");
    void this.do(() => send(`/api/emergencies/${number}/review`, { note }));
  }

  private async do(what: () => Promise<unknown>): Promise<void> {
    this.note = undefined;
    try {
      await what();
      for (const answer of [this.accounts, this.tokens, this.emergencies]) answer.again();
    } catch (cause) {
      this.note = said(cause);
    }
  }
}
