import { html, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { Me, MyAccount, NewToken, RecoveryCodes } from "../api/contract";
import { send } from "../api/get";
import { makePasskey, passkeysWork, provePasskey } from "../api/passkey";
import { clock } from "../app/clock";
import { keysAct, letKeysAct } from "../app/keys";
import { Resource } from "../api/resource";
import "../parts/card";
import { Part } from "../parts/part";
import { said } from "../parts/sign-in";

const WAY: Record<string, string> = { owner: "owner's link", password: "password", passkey: "passkey", recovery: "recovery code", oidc: "company", "break-glass": "emergency", offline: "offline" };

/** A moment in the plant's zone as people write it, or that it never was. */
export function day(ms: number | null | undefined): string {
  return ms ? clock.full(ms) : "never";
}

/** My account: who I am here, what proves it, where I am signed in, which programs act for me. */
@customElement("isthmus-account-page")
export class AccountPage extends Part {
  private readonly me = new Resource<Me>(this, () => "/api/session");
  private readonly mine = new Resource<MyAccount>(this, () => (this.me.value?.id.startsWith("person:") ? "/api/account" : undefined), { keep: true });
  @state() private note: { error: string; hint: string } | undefined;
  @state() private codes: string[] = [];
  @state() private token: NewToken | undefined;
  /** What waits for a proof that it is still the same person. */
  @state() private waits: (() => Promise<unknown>) | undefined;

  override render() {
    const me = this.me.value;
    return html`<main id="page" class="account" tabindex="-1">${this.who(me)}${this.keys()}${this.waits ? this.prove() : nothing}
      ${this.note ? html`<isthmus-card heading="That did not work"><p role="alert"><b>${this.note.error}</b><br /><span class="muted">${this.note.hint}</span></p></isthmus-card>` : nothing}
      ${this.mine.value ? html`${this.proofs(this.mine.value)}${this.sessions(this.mine.value)}${this.tokens(this.mine.value)}` : nothing}</main>`;
  }

  private who(me: Me | undefined) {
    return html`<isthmus-card heading="Who you are" .load=${this.me.load} ?hollow=${!me}>${me ? html`<dl class="facts">
      <dt>Name</dt><dd>${me.name} <span class="muted">${me.id}</span></dd>
      <dt>Signed in by</dt><dd>${WAY[me.how] ?? me.how}, until ${day(me.until)}</dd>
      <dt>Roles</dt><dd>${me.owner ? "everything: the key of the house" : me.roles.map((role) => `${role.role} at ${role.at || "all of the plant"}`).join(", ") || "none of its own"}</dd>
      ${me.groups.length ? html`<dt>Groups</dt><dd>${me.groups.join(", ")}</dd>` : nothing}</dl>
      <div class="toolbar"><button @click=${() => this.leave("sign-out")}>Sign out</button><button @click=${() => this.leave("sign-out-everywhere")}>Sign out everywhere</button>
      ${me.administers ? html`<a class="link" href="/users">Users${me.unreviewed ? `: ${me.unreviewed} to review` : ""}</a>` : nothing}</div>` : nothing}</isthmus-card>`;
  }

  private keys() {
    return html`<isthmus-card heading="Keys" sub="in this browser"><label><input type="checkbox" .checked=${keysAct()} @change=${(event: Event) => letKeysAct((event.target as HTMLInputElement).checked)} /> Single keys act on whole pages</label>
      <p class="small muted"><kbd>/</kbd> searches, <kbd>g</kbd> and a letter goes to a page, <kbd>[</kbd> and <kbd>]</kbd> change the range; on the page Alarms <kbd>j</kbd> and <kbd>k</kbd> choose, <kbd>a</kbd> acknowledges, <kbd>s</kbd> shelves. Switch them off where speech or an unsteady hand presses them.</p></isthmus-card>`;
  }

  private prove() {
    return html`<isthmus-card heading="Prove that it is you" sub="this needs a proof of the last five minutes"><form class="toolbar" @submit=${this.proven}>
      ${passkeysWork() && this.mine.value?.passkeys.length ? html`<button type="button" @click=${() => this.again(() => provePasskey("/api/session/prove/options", "/api/session/prove/passkey"))}>Use a passkey</button>` : nothing}
      <label>Password <input class="field" name="password" type="password" autocomplete="current-password" required /></label><button class="btn main">Prove</button></form></isthmus-card>`;
  }

  private proofs(mine: MyAccount) {
    return html`<isthmus-card heading="What proves it" sub=${`${mine.password ? "a password" : "no password"}, ${mine.passkeys.length} passkeys, ${mine.recovery_codes} recovery codes`}>
      ${table(["Passkey", "Made", "Last used", ""], mine.passkeys.map((key) => [key.label, day(key.created), day(key.used), html`<button class="plain" @click=${() => this.do(() => send(`/api/account/passkeys/${key.id}`, undefined, "DELETE"))}>Remove</button>`]), "No passkey yet")}
      ${passkeysWork() ? html`<form class="toolbar" @submit=${this.makeKey}><label>New passkey <input class="field" name="label" placeholder="such as panel 3" maxlength="60" required /></label><button>Make it</button></form>` : html`<p class="small muted">Passkeys need HTTPS and a host name, or localhost.</p>`}
      <form class="toolbar" @submit=${this.newPassword}><label>New password <input class="field" name="password" type="password" autocomplete="new-password" minlength="12" required /></label><button>Change it</button></form>
      <div class="toolbar"><button @click=${() => this.do(async () => (this.codes = (await send<RecoveryCodes>("/api/account/recovery-codes")).codes))}>New recovery codes</button></div>
      ${this.codes.length ? html`<p>Shown this once; the old ones count no more.</p><ul class="codes">${this.codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>` : nothing}</isthmus-card>`;
  }

  private sessions(mine: MyAccount) {
    const rows = mine.open_sessions.map((one) => [html`${WAY[one.how] ?? one.how}${one.this ? html` <b>this one</b>` : nothing}`, one.source, day(one.began), day(one.seen),
      one.this ? nothing : html`<button class="plain" @click=${() => this.do(() => send(`/api/session/others/${one.number}`, undefined, "DELETE"))}>End</button>`]);
    return html`<isthmus-card heading="Where you are signed in">${table(["By", "From", "Since", "Seen", ""], rows, "")}</isthmus-card>`;
  }

  private tokens(mine: MyAccount) {
    const rows = mine.tokens.map((one) => [one.name, `${one.rights.join(", ")} at ${one.at.join(", ") || "all of the plant"}`, one.expired ? "ended" : day(one.until), day(one.used),
      html`<button class="plain" @click=${() => this.do(() => send(`/api/account/tokens/${one.number}`, undefined, "DELETE"))}>Revoke</button>`]);
    return html`<isthmus-card heading="Tokens" sub="for programs that act for you, never beyond what you may do">${table(["Name", "May", "Until", "Last used", ""], rows, "No token")}
      <form class="toolbar" @submit=${this.newToken}><label>Name <input class="field" name="name" pattern="[a-z][a-z0-9._@\\-]*" required /></label><label>Days <input class="field" name="days" type="number" min="1" max="366" value="90" required /></label><button>New token that reads</button></form>
      ${this.token ? html`<p>Shown this once: <code class="secret">${this.token.token}</code></p>` : nothing}</isthmus-card>`;
  }

  private readonly makeKey = (event: SubmitEvent) => this.form(event, (words) => makePasskey(words.label ?? ""));
  private readonly newPassword = (event: SubmitEvent) => this.form(event, (words) => send("/api/account/password", { password: words.password }));
  private readonly newToken = (event: SubmitEvent) => this.form(event, async (words) => (this.token = await send<NewToken>("/api/account/tokens", { name: words.name, days: Number(words.days), rights: ["read"] })));
  private readonly proven = (event: SubmitEvent) => {
    event.preventDefault();
    const password = new FormData(event.target as HTMLFormElement).get("password");
    this.again(() => send("/api/session/prove", { password }));
  };

  private form(event: SubmitEvent, what: (words: Record<string, string>) => Promise<unknown>): void {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const words = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    void this.do(async () => {
      await what(words);
      form.reset();
    });
  }

  /** Proves, then does what waited for it. */
  private again(proof: () => Promise<unknown>): void {
    const waits = this.waits;
    void this.do(async () => {
      await proof();
      this.waits = undefined;
      this.me.again();
      await waits?.();
    });
  }

  private async do(what: () => Promise<unknown>): Promise<void> {
    this.note = undefined;
    try {
      await what();
      this.mine.again();
    } catch (cause) {
      const told = said(cause);
      if (/last five minutes/.test(told.error) && this.mine.value) this.waits = what;
      else this.note = told;
    }
  }

  private leave(how: string): void {
    void this.do(async () => {
      await send(`/api/session/${how}`);
      location.assign("/sign-in");
    });
  }
}

/** A table of cells, or a word where there are no rows. */
export function table(heads: string[], rows: (string | TemplateResult | symbol)[][], none: string) {
  if (!rows.length) return none ? html`<p class="muted">${none}</p>` : nothing;
  return html`<div class="scroll"><table><thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead><tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table></div>`;
}
