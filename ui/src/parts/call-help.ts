import { html, nothing } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import type { Called, Helper } from "../api/contract";
import { ApiError, send } from "../api/get";
import { clock } from "../app/clock";
import { Part } from "./part";

const ARMED_MS = 6_000;

/** Calls those who are on call to a machine: the first touch asks, the second calls, since nothing takes a call back. */
@customElement("isthmus-call-help")
export class CallHelp extends Part {
  @property() path = "";
  @property({ attribute: false }) helpers: readonly Helper[] = [];
  @state() private armed = "";
  @state() private told = "";
  @state() private failed = false;
  private timer = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  override render() {
    return html`<div class="stack">${this.helpers.map((helper) => this.button(helper))}</div><div role=${this.failed ? "alert" : "status"} class=${this.failed ? "fail" : ""}>${this.told}</div>`;
  }

  private button(helper: Helper) {
    const armed = this.armed === helper.name;
    const who = helper.who.join(", ");
    return html`<button class="tile ${armed ? "on" : ""}" ?disabled=${!who} @click=${() => (armed ? void this.call(helper) : this.arm(helper.name))}>
      <b>${armed ? `Touch again: call ${who}` : `Call ${helper.title}`}</b>${armed ? nothing : html`<span>${who ? `${who} on call` : "nobody is on call now"}</span>`}</button>`;
  }

  private arm(name: string): void {
    this.armed = name;
    this.told = "";
    this.failed = false;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => (this.armed = ""), ARMED_MS);
  }

  private async call(helper: Helper): Promise<void> {
    this.armed = "";
    try {
      const called = await send<Called>("/api/operator/call", { path: this.path, rota: helper.name });
      this.told = `${called.who.join(", ")} is told, ${clock.minute(clock.now())}.`;
    } catch (cause) {
      this.failed = true;
      this.told = cause instanceof ApiError ? `Nobody was called: ${cause.message}; ${cause.status === 0 ? "call by telephone" : cause.hint}` : String(cause);
    }
  }
}
