/** Keys for the whole page: `/` searches, `g` and a letter goes to a page, `[` and `]` change the range. */
import { PAGES } from "./pages";
import { navigate } from "./route";

let armed = 0;

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Listens for the page's keys; `search` puts the cursor into the search field. */
export function listenToKeys(search: () => void): void {
  document.addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || typing(event.target)) return;
    if (event.key === "/") {
      event.preventDefault();
      search();
    } else if (event.key === "g") armed = Date.now();
    else if (Date.now() - armed < 1500) {
      armed = 0;
      const page = PAGES.find((entry) => entry.key === event.key);
      if (page) navigate(`/${page.name}`);
    } else if (event.key === "[" || event.key === "]") {
      window.dispatchEvent(new CustomEvent("isthmus-range", { detail: event.key === "]" ? 1 : -1 }));
    }
  });
}
