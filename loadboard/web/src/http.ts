import { renew, token } from "./session";
import type { FieldError } from "./types";

/** What the service said instead of an answer; `status` 0 means that it could not be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errors: FieldError[] = [],
    readonly type = "",
  ) {
    super(message);
  }
}

const PATIENCE = 5;
const LONGEST_WAIT_S = 30;

let position: string | null = null;
let onWaiting: (seconds: number) => void = () => {};
let onSignedOut: () => void = () => {};
let onStale: () => void = () => {};

export function whenWaiting(tell: (seconds: number) => void): void {
  onWaiting = tell;
}

/** Told when a token is refused and none takes its place. */
export function whenSignedOut(tell: () => void): void {
  onSignedOut = tell;
}

/** Told when a change was meant for what is there no more. */
export function whenStale(tell: () => void): void {
  onStale = tell;
}

/** Randomness that is there also where the page is not served securely, unlike crypto.randomUUID. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The key of something that a user means to do, by its words: the same words again are the same act. */
export type Intent = (said: string) => string;

export function intent(): Intent {
  const keys = new Map<string, string>();
  return (said) => {
    const key = keys.get(said) ?? newKey();
    keys.set(said, key);
    return key;
  };
}

export interface Call {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  /** Sent as it is, instead of a body in JSON. */
  file?: File;
  /** The version, or the whole ETag, that the change is meant for. */
  match?: number | string | undefined;
  intent?: Intent | undefined;
  signal?: AbortSignal | undefined;
}

function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

function request(path: string, { method = "GET", body, file, match, intent: meant }: Call) {
  const headers = new Headers();
  const text = body === undefined ? null : JSON.stringify(body);
  const patch = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  if (text !== null) headers.set("Content-Type", patch);
  if (file) headers.set("Content-Type", file.type || "application/octet-stream");
  if (match !== undefined)
    headers.set("If-Match", typeof match === "number" ? `"${match}"` : match);
  const said = text ?? (file ? `${file.size} ${file.lastModified}` : "");
  if (method === "POST") headers.set("Idempotency-Key", (meant ?? intent())(`${path} ${said}`));
  return { method, headers, body: text ?? file ?? null };
}

async function send(path: string, asked: RequestInit & { headers: Headers }): Promise<Response> {
  if (token()) asked.headers.set("Authorization", `Bearer ${token()}`);
  if (position && /^\/(search|matches)/.test(path)) asked.headers.set("Board-Position", position);
  try {
    return await fetch(`/v1${path}`, asked);
  } catch (error) {
    if (asked.signal?.aborted) throw error;
    throw new Problem(0, "The load board can't be reached.");
  }
}

async function problem(response: Response): Promise<Problem> {
  const said: unknown = await response.json().catch(() => ({}));
  const { title, detail, errors, type } = said as {
    title?: string;
    detail?: string;
    errors?: FieldError[];
    type?: string;
  };
  if (response.status === 412)
    return new Problem(412, "Somebody changed this meanwhile. Close this, and see how it is now.");
  const message = detail || title || `The service answered ${response.status}.`;
  return new Problem(response.status, message, errors ?? [], type);
}

/** The answer of the service. Patient when it asks to slow down; a token that has ended is renewed once. */
export async function answer(path: string, options: Call = {}): Promise<Response> {
  const asked = { ...request(path, options), signal: options.signal ?? null };
  let renewed = false;
  for (let tries = 1; ; tries++) {
    const used = token();
    const response = await send(path, asked);
    if (response.ok) {
      position = response.headers.get("Board-Position") ?? position;
      return response;
    }
    const said = await problem(response);
    // A password that is wrong is answered 401, too; that is not about the token.
    const isRefused = said.status === 401 && said.type.endsWith("/unauthorized");
    if (isRefused && !renewed && (await renew(used))) {
      renewed = true;
      continue;
    }
    if (isRefused && used) onSignedOut();
    if (said.status === 412) onStale();
    const wait = Number(response.headers.get("Retry-After")) || tries;
    const isPatient = said.status === 429 && tries < PATIENCE && wait <= LONGEST_WAIT_S;
    if (!isPatient) throw said;
    onWaiting(wait);
    await pause(wait, options.signal);
  }
}

export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const response = await answer(path, options);
  return (response.status === 204 ? null : await response.json()) as T;
}

export const post = <T>(path: string, body?: unknown, more: Call = {}): Promise<T> =>
  call<T>(path, { method: "POST", body, ...more });
