/** The address bar is the page's state: path, query, and moving between them without a reload. */

/** A place in the pages. */
export interface Route {
  page: string;
  /** What follows the page in the path, for example the asset. */
  rest: string;
  query: URLSearchParams;
}

/** The route of a path and query; `/` is the plant. */
export function parseRoute(pathname: string, search: string): Route {
  const [page = "", ...rest] = pathname.replace(/^\/+|\/+$/g, "").split("/").map(decodeURIComponent);
  return { page: page || "plant", rest: rest.join("/"), query: new URLSearchParams(search) };
}

export function currentRoute(): Route {
  return parseRoute(location.pathname, location.search);
}

function moved(): void {
  window.dispatchEvent(new Event("isthmus-route"));
}

/** Goes to `href`, keeping the history. */
export function navigate(href: string): void {
  history.pushState(null, "", href);
  moved();
  window.scrollTo(0, 0);
}

/** `query` as it stands in the address, readable where that is allowed. */
export function queryText(query: URLSearchParams): string {
  return query.toString().replaceAll("%2F", "/").replaceAll("%2C", ",").replaceAll("%3A", ":");
}

/** Changes the query in place; an undefined entry is removed. `push` makes it a step to go back to. */
export function setQuery(changes: Record<string, string | undefined>, push = false): void {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) query.delete(key);
    else query.set(key, value);
  }
  const text = queryText(query);
  history[push ? "pushState" : "replaceState"](null, "", text ? `${location.pathname}?${text}` : location.pathname);
  moved();
}

/** Makes links inside the pages move without a reload. */
export function followLinks(): void {
  window.addEventListener("popstate", moved);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
    const url = new URL(link.href, location.href);
    if (url.origin !== location.origin || url.pathname.startsWith("/api") || link.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    navigate(url.pathname + url.search);
  });
}
