/** Asking the API: an answer, or an error that says what and what next. */
import type { Problem } from "./contract";

/** The API's refusal: `message` is what went wrong, `hint` what to do, `status` 0 if unreachable. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly hint: string,
    readonly status: number,
  ) {
    super(message);
  }
}

const FRESH_MS = 5_000;
const early = new Map<string, Promise<Response>>();

/** Asks for `path` before the page that will need it stands; the first who asks for it gets the answer. */
export function ahead(path: string): void {
  const asked = fetch(path, { headers: { accept: "application/json" }, credentials: "same-origin" });
  asked.catch(() => undefined); // who takes it tells
  early.set(path, asked);
  setTimeout(() => early.get(path) === asked && early.delete(path), FRESH_MS);
}

/** The response of `path`; raises ApiError for anything but 2xx. */
export async function ask(path: string, signal?: AbortSignal, accept = "application/json", method = "GET", body?: unknown): Promise<Response> {
  let response: Response;
  const headers: Record<string, string> = body === undefined ? { accept } : { accept, "content-type": "application/json" };
  const sent = body === undefined ? { headers } : { headers, body: JSON.stringify(body) };
  const known = method === "GET" ? early.get(path) : undefined;
  early.delete(path);
  try {
    response = known ? await known : await fetch(path, { method, ...sent, credentials: "same-origin", ...(signal ? { signal } : {}) });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ApiError("the site does not answer", "check that isthmus still runs on its machine", 0);
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => null) as Partial<Problem> | null;
  const error = problem?.error ?? `${method === "GET" ? "reading" : "asking"} ${path.split("?")[0]} failed with status ${response.status}`;
  throw new ApiError(error, problem?.hint ?? "", response.status);
}

/** The JSON answer of `path`. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await ask(path, signal)).json() as Promise<T>;
}

/** The JSON answer of `path` to `body`, sent by any method. */
export async function send<T>(path: string, body?: unknown, method = "POST"): Promise<T> {
  return (await ask(path, undefined, "application/json", method, body)).json() as Promise<T>;
}

/** `path` with its query; undefined entries are left out. */
export function address(path: string, query: Record<string, string | number | undefined>): string {
  const words = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) words.set(key, String(value));
  const text = words.toString();
  return text ? `${path}?${text}` : path;
}
