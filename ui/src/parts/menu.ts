import { html } from "lit";
import type { TemplateResult } from "lit";

const AWAY = ["pointerdown", "scroll"] as const;
const GAP = 8;

/** A button that opens a small panel below itself; Escape and a click elsewhere close it. */
export function menu(label: string | TemplateResult, content: TemplateResult, name = "", opened?: () => void): TemplateResult {
  return html`<details class="menu ${name}" @toggle=${(event: Event) => toggled(event, opened)} @keydown=${escaped}><summary>${label}</summary><div class="panel">${content}</div></details>`;
}

/** Closes the menu that `event` happened in. */
export function closeMenu(event: Event): void {
  const details = (event.target as HTMLElement).closest<HTMLDetailsElement>("details.menu");
  if (details) details.open = false;
}

function toggled(event: Event, opened?: () => void): void {
  const details = event.currentTarget as HTMLDetailsElement;
  if (!details.open) return;
  opened?.();
  place(details);
  const grows = new ResizeObserver(() => place(details));
  const panel = details.querySelector(".panel");
  if (panel) grows.observe(panel);
  const away = (other: Event) => {
    if (details.open && other.target instanceof Node && details.contains(other.target)) return;
    details.open = false;
    grows.disconnect();
    for (const kind of AWAY) document.removeEventListener(kind, away, true);
  };
  for (const kind of AWAY) document.addEventListener(kind, away, true);
}

/** Puts the panel below its button, or above where there is more room, and inside of the window. */
function place(details: HTMLDetailsElement): void {
  const panel = details.querySelector<HTMLElement>(".panel");
  if (!panel) return;
  const button = details.getBoundingClientRect();
  const below = innerHeight - button.bottom - GAP;
  const above = button.top - GAP;
  const up = panel.scrollHeight > below && above > below;
  panel.style.maxHeight = `${Math.max(120, (up ? above : below) - GAP)}px`;
  panel.style.left = `${Math.max(GAP, Math.min(button.left, innerWidth - panel.offsetWidth - GAP))}px`;
  panel.style.top = up ? "auto" : `${button.bottom + 4}px`;
  panel.style.bottom = up ? `${innerHeight - button.top + 4}px` : "auto";
}

function escaped(event: KeyboardEvent): void {
  const details = event.currentTarget as HTMLDetailsElement;
  if (event.key !== "Escape" || !details.open) return;
  details.open = false;
  details.querySelector<HTMLElement>("summary")?.focus();
  event.stopPropagation();
}
