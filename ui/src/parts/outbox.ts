import { html, nothing } from "lit";
import { customElement } from "lit/decorators.js";
import type { StopExplained } from "../api/contract";
import { address, get } from "../api/get";
import { clock } from "../app/clock";
import { FollowOutbox, outbox } from "../app/outbox";
import { type Word, newKey, sentence } from "../app/word";
import { called } from "../draw/reasons";
import { Part } from "./part";

const UNDO_MS = 10_000;

/** What became of what was said: saved with an undo, waiting with its count, or met by an objection. */
@customElement("isthmus-outbox")
export class OutboxBar extends Part {
  protected readonly follow = new FollowOutbox(this);
  private timer = 0;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  override render() {
    const own = outbox.words.filter((word) => word.who === outbox.who);
    const others = outbox.who ? outbox.words.filter((word) => word.who !== outbox.who) : [];
    const waiting = own.filter((word) => !word.objection);
    return html`<div role="status">${this.saved()}${waiting.length ? this.waiting(waiting) : nothing}${others.length ? this.foreign(others) : nothing}</div>
      <div role="alert">${own.filter((word) => word.objection).map((word) => this.objection(word))}</div>`;
  }

  private saved() {
    const done = outbox.done;
    clearTimeout(this.timer);
    const left = done ? done.at + UNDO_MS - Date.now() : 0;
    if (!done || left <= 0) return nothing;
    this.timer = window.setTimeout(() => this.requestUpdate(), left);
    return html`<div class="word saved"><span><b>Saved.</b> ${sentence(done.word, clock.minute)}</span>
      ${done.word.kind === "undo" ? nothing : html`<button @click=${this.undo}>Undo</button>`}</div>`;
  }

  private waiting(words: readonly Word[]) {
    const tried = outbox.trouble && words.some((word) => word.tries > 0);
    if (!tried) return nothing;
    const [last] = words.slice(-1);
    return html`<div class="word waiting"><span><b>${words.length} ${words.length === 1 ? "word waits" : "words wait"} here: ${outbox.trouble}.</b> ${last ? sentence(last, clock.minute) : ""}
        <span class="muted">${outbox.kept ? "Kept in this browser, sent once the site answers." : "This browser keeps nothing: leave the page open."}</span></span>
      <button @click=${() => void outbox.flush()}>Try now</button>${last && last.kind !== "undo" ? html`<button @click=${() => this.takeBack(last)}>Undo</button>` : nothing}</div>`;
  }

  private foreign(words: readonly Word[]) {
    const names = [...new Set(words.map((word) => called(word.who)))].join(", ");
    return html`<div class="word waiting"><span><b>${words.length} of ${names} wait here.</b> <span class="muted">They are sent once ${names} signs in on this device.</span></span></div>`;
  }

  private objection(word: Word) {
    const { overtaken, text, hint } = word.objection!;
    return html`<div class="word fail"><span><b>${overtaken ? "Not saved" : "Refused"}: ${text}.</b> You said ${sentence(word, clock.minute)}. <span class="muted">${overtaken ? "Theirs holds now." : hint}</span></span>
      ${overtaken && word.kind === "say" ? html`<button @click=${() => void this.insist(word)}>Mine is right</button>` : nothing}<button @click=${() => outbox.drop(word.key)}>${overtaken ? "Leave theirs" : "Forget mine"}</button></div>`;
  }

  private readonly undo = () => {
    const done = outbox.done;
    if (!done) return;
    const { said, word } = done;
    outbox.settle();
    outbox.put({ ...word, key: newKey(), kind: "undo", number: said.number, version: said.version, made: Date.now(), tries: 0 });
  };

  private takeBack(word: Word): void {
    const { number: _number, ...rest } = word;
    outbox.put({ ...rest, key: newKey(), kind: "undo", of: word.key, made: Date.now(), tries: 0 });
  }

  /** Said again, knowing what the other said. */
  private async insist(word: Word): Promise<void> {
    const { objection: _objection, ...rest } = word;
    try {
      const { stop } = await get<StopExplained>(address("/api/stops/explain", { path: word.path, at: word.start + 1 }));
      outbox.put({ ...rest, key: newKey(), version: stop.version ?? 0, made: Date.now(), tries: 0 });
    } catch {
      this.requestUpdate(); // the objection stays, and with it the choice
    }
  }
}
