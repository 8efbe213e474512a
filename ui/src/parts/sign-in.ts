import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import type { EnrolmentInfo, Me, RecoveryCodes, SignInWays } from "../api/contract";
import { ApiError, get, send } from "../api/get";
import { passkeysWork, provePasskey } from "../api/passkey";
import "./card";
import { Part } from "./part";

/** Signing in, enrolling by a link, or unlocking: whichever this browser is in need of. */
@customElement("isthmus-sign-in")
export class SignIn extends Part {
  @state() private ways: SignInWays | undefined;
  @state() private locked: Me | undefined;
  @state() private enrols: EnrolmentInfo | undefined;
  @state() private codes: string[] = [];
  @state() private trouble: { error: string; hint: string } | undefined;
  @state() private busy = false;
  /** What this browser needs is known: no form shows before, into which somebody would type in vain. */
  @state() private ready = false;
  @state() private recovers = false;
  private readonly query = new URLSearchParams(location.search);

  override connectedCallback(): void {
    super.connectedCallback();
    void this.look().finally(() => (this.ready = true));
  }

  override render() {
    const heading = this.codes.length ? "Your recovery codes" : this.enrols ? "Enrol" : this.locked ? "Locked" : "Sign in";
    return html`<isthmus-card class="sign-in" heading=${heading} sub=${this.ways?.site ?? ""}>
      ${this.ways?.notice ? html`<p class="notice">${this.ways.notice}</p>` : nothing}
      ${this.codes.length ? this.told() : !this.ready ? nothing : this.enrols ? this.enrol(this.enrols) : this.proof()}
      ${this.trouble ? html`<p role="alert"><b>${this.trouble.error}</b>${this.trouble.hint ? html`<br /><span class="muted">${this.trouble.hint}</span>` : nothing}</p>` : nothing}</isthmus-card>`;
  }

  private proof() {
    const locked = this.locked;
    return html`${this.ways?.company && !locked ? html`<a class="btn main" href="/api/sign-in/company?to=${encodeURIComponent(this.target)}" target="_self">Sign in with ${this.ways.company}</a>` : nothing}
      ${passkeysWork() && (!locked || !locked.owner) ? html`<button type="button" ?disabled=${this.busy} @click=${this.passkey}>Use a passkey</button>` : nothing}
      ${locked?.owner ? html`<p>Nobody had a hand on these pages for a while. <code>isthmus link</code> prints a new way in.</p><button type="button" class="plain" @click=${this.leave}>Sign out</button>` : this.ways?.local === false ? nothing : html`<form @submit=${this.password}>
        ${locked ? html`<p>${locked.name}, prove that it is you.</p>` : html`<label>Account<input class="field" name="account" autocomplete="username webauthn" autocapitalize="none" required maxlength="64" /></label>`}
        <label>${this.recovers ? "Recovery code" : "Password"}<input class="field" name="proof" type=${this.recovers ? "text" : "password"} autocomplete=${this.recovers ? "one-time-code" : "current-password"} required maxlength="256" /></label>
        <button class="btn main" ?disabled=${this.busy}>${locked ? "Unlock" : "Sign in"}</button>
        ${locked ? html`<button type="button" class="plain" @click=${this.leave}>Sign out</button>` : html`<button type="button" class="plain" @click=${() => (this.recovers = !this.recovers)}>${this.recovers ? "Use the password" : "Use a recovery code"}</button>`}
      </form>`}
      <p class="small muted">The owner of the data folder: <code>isthmus link</code> prints a link that signs in once.</p>`;
  }

  private enrol(who: EnrolmentInfo) {
    return html`<form @submit=${this.choose}><p>${who.title || who.account}, choose a password of at least 12 characters. Four words that have nothing to do with each other are good.</p>
      <input type="hidden" name="account" autocomplete="username" .value=${who.account} />
      <label>Password<input class="field" name="proof" type="password" autocomplete="new-password" required minlength="12" maxlength="256" /></label>
      <label>The same again<input class="field" name="again" type="password" autocomplete="new-password" required /></label>
      <button class="btn main" ?disabled=${this.busy}>Enrol</button></form>`;
  }

  private told() {
    return html`<p>Each signs you in once when the password is lost. They are shown this once: print them or write them down.</p>
      <ul class="codes">${this.codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
      <button class="btn main" @click=${this.enter}>I have them</button>`;
  }

  private async look(): Promise<void> {
    await this.try(async () => {
      this.ways = await get<SignInWays>("/api/sign-in");
      if (this.query.get("company") === "away") this.trouble = { error: "the company's sign-in does not answer", hint: "use a passkey or password kept here, or run isthmus link" };
      const code = this.query.get("enrol");
      if (code) {
        this.enrols = await send<EnrolmentInfo>("/api/sign-in/enrolment", { code });
        return;
      }
      const me = await get<Me>("/api/session").catch(() => undefined);
      if (me?.locked) this.locked = me;
      else if (me && location.pathname === "/sign-in") this.enter();
    });
  }

  private readonly password = (event: SubmitEvent) => {
    event.preventDefault();
    const said = new FormData(event.target as HTMLFormElement);
    const [account, proof] = [said.get("account"), said.get("proof")];
    void this.try(async () => {
      if (this.locked) await send("/api/session/prove", { password: proof });
      else if (this.recovers) await send("/api/sign-in/recovery", { account, code: proof });
      else await send("/api/sign-in/password", { account, password: proof });
      this.enter();
    });
  };

  private readonly passkey = () => {
    const [options, to] = this.locked ? ["/api/session/prove/options", "/api/session/prove/passkey"] : ["/api/sign-in/passkey/options", "/api/sign-in/passkey"];
    void this.try(async () => {
      await provePasskey(options, to);
      this.enter();
    });
  };

  private readonly choose = (event: SubmitEvent) => {
    event.preventDefault();
    const said = new FormData(event.target as HTMLFormElement);
    if (said.get("proof") !== said.get("again")) {
      this.trouble = { error: "the two passwords differ", hint: "type the same twice" };
      return;
    }
    void this.try(async () => {
      const { codes } = await send<RecoveryCodes>("/api/sign-in/enrol", { code: this.query.get("enrol"), password: said.get("proof") });
      this.codes = codes;
    });
  };

  private readonly leave = () => {
    void this.try(async () => {
      await send("/api/session/sign-out");
      location.assign("/sign-in");
    });
  };

  private readonly enter = () => location.assign(this.target);

  /** Where to go then: a page of this site. */
  private get target(): string {
    if (location.pathname !== "/sign-in") return location.pathname + location.search;
    const to = this.query.get("to") ?? "/plant";
    return to.startsWith("/") && !/^\/[/\\]/.test(to) ? to : "/plant";
  }

  private async try(what: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.trouble = undefined;
    try {
      await what();
    } catch (cause) {
      this.trouble = said(cause);
    } finally {
      this.busy = false;
    }
  }
}

/** What went wrong, in words for people. */
export function said(cause: unknown): { error: string; hint: string } {
  if (cause instanceof ApiError) return { error: cause.message, hint: cause.hint };
  if (cause instanceof DOMException) return { error: "no passkey was given", hint: "try again, or use another way" };
  return { error: String(cause), hint: "" };
}
