/** Light, dark, or as the machine is set; remembered, and in the address when given there. */
export type Theme = "auto" | "light" | "dark";

const KEY = "isthmus-theme";
const machine = matchMedia("(prefers-color-scheme: dark)");
let paper = false;

function valid(word: string | null): Theme | undefined {
  return word === "light" || word === "dark" || word === "auto" ? word : undefined;
}

/** The theme asked for in the address, else the remembered one. */
export function theme(): Theme {
  return valid(new URLSearchParams(location.search).get("theme")) ?? valid(localStorage.getItem(KEY)) ?? "auto";
}

/** Puts the theme on the page; trends redraw on `isthmus-theme`. */
export function applyTheme(): void {
  const wanted = theme();
  const dark = !paper && (wanted === "dark" || (wanted === "auto" && machine.matches));
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  window.dispatchEvent(new Event("isthmus-theme"));
}

/** Remembers `wanted` and shows it. */
export function setTheme(wanted: Theme): void {
  localStorage.setItem(KEY, wanted);
  const url = new URL(location.href);
  if (url.searchParams.has("theme")) {
    url.searchParams.set("theme", wanted);
    history.replaceState(null, "", url);
  }
  applyTheme();
}

/** Follows the machine's theme; on paper all is light, also what is drawn in pixels and knows no style sheet. */
export function followMachine(): void {
  machine.addEventListener("change", applyTheme);
  for (const [name, printing] of [["beforeprint", true], ["afterprint", false]] as const) {
    window.addEventListener(name, () => {
      paper = printing;
      applyTheme();
    });
  }
  applyTheme();
}

const inks = new Map<string, string>();

/** A token's value as the canvas needs it; looked up once a theme, since a chart asks for hundreds a frame. */
export function ink(name: string): string {
  const key = `${document.documentElement.dataset["theme"]} ${name}`;
  let value = inks.get(key);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    if (value) inks.set(key, value);
  }
  return value;
}
