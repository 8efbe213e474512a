/** Keys for the whole page: `/` searches, `g` and a letter goes to a page, `[` and `]` change the range. */
import { PAGES } from "./pages";
import { navigate } from "./route";

const KEY = "isthmus-keys";

let armed = 0;

/** Whether single keys act on whole pages here: speech and a slip of the hand press them too (WCAG 2.1.4). */
export function keysAct(): boolean {
  return localStorage.getItem(KEY) !== "off";
}

/** Remembers whether they do, in this browser. */
export function letKeysAct(act: boolean): void {
  if (act) localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, "off");
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Whether a key pressed alone is meant for the page: not taken yet, not part of a text, not switched off. */
export function single(event: KeyboardEvent): boolean {
  return keysAct() && !event.defaultPrevented && !event.metaKey && !event.ctrlKey && !event.altKey && !typing(event.target);
}

/** Listens for the page's keys, before any part of it; `search` puts the cursor into the search field. */
export function listenToKeys(search: () => void): void {
  document.addEventListener("keydown", (event) => {
    if (!single(event)) return;
    if (event.key === "/") {
      event.preventDefault();
      search();
    } else if (event.key === "g") armed = Date.now();
    else if (Date.now() - armed < 1500) {
      armed = 0;
      const page = PAGES.find((entry) => entry.key === event.key);
      if (!page) return;
      event.preventDefault(); // the second letter is none of a list's own keys
      navigate(`/${page.name}`);
    } else if (event.key === "[" || event.key === "]") {
      window.dispatchEvent(new CustomEvent("isthmus-range", { detail: event.key === "]" ? 1 : -1 }));
    }
  }, { capture: true });
}
