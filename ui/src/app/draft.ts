/** Text that somebody began to write: this browser keeps it until it is sent, also when it is closed. */
const KEY = "isthmus-draft";

/** What `who` began to write about `line`. */
export function draftOf(who: string, line: string): string {
  return localStorage.getItem(`${KEY} ${who} ${line}`) ?? "";
}

/** Keeps it; an empty text removes it. */
export function keepDraft(who: string, line: string, text: string): void {
  const key = `${KEY} ${who} ${line}`;
  try {
    if (text) localStorage.setItem(key, text);
    else localStorage.removeItem(key);
  } catch {
    // a browser that keeps nothing has it as long as the page is open
  }
}
