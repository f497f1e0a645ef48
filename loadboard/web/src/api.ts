import type {
  Equipment,
  FieldError,
  Found,
  Hexes,
  Load,
  Matches,
  Me,
  NewLoad,
  Place,
  Route,
} from "./types";

/** What the service said instead of an answer; `status` 0 means that it could not be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly errors: FieldError[] = [],
  ) {
    super(message);
  }
}

const KEY = "loadboard-token";
const PATIENCE = 5;
const LONGEST_WAIT_S = 30;

let token = "";
let position: string | null = null;
let onWaiting: (seconds: number) => void = () => {};

export function whenWaiting(tell: (seconds: number) => void): void {
  onWaiting = tell;
}

export function setToken(value: string): void {
  token = value;
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
}

/** The token out of the link that was followed, or of this tab's session. */
export function findToken(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) history.replaceState(history.state, "", location.pathname + location.search);
  setToken(given ?? sessionStorage.getItem(KEY) ?? "");
  return token;
}

interface Call {
  method?: string;
  body?: unknown;
  version?: number;
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

async function send(path: string, call: Call): Promise<Response> {
  const headers = new Headers({ Authorization: `Bearer ${token}` });
  if (call.body !== undefined)
    headers.set(
      "Content-Type",
      call.method === "PATCH" ? "application/merge-patch+json" : "application/json",
    );
  if (call.version !== undefined) headers.set("If-Match", `"${call.version}"`);
  if (position && /^\/(search|matches)/.test(path)) headers.set("Board-Position", position);
  const request: RequestInit = { method: call.method ?? "GET", headers };
  if (call.body !== undefined) request.body = JSON.stringify(call.body);
  if (call.signal) request.signal = call.signal;
  try {
    return await fetch(`/v1${path}`, request);
  } catch (error) {
    if (call.signal?.aborted) throw error;
    throw new Problem(0, "The load board can't be reached.");
  }
}

async function problem(response: Response): Promise<Problem> {
  const said: unknown = await response.json().catch(() => ({}));
  const { title, detail, errors } = said as {
    title?: string;
    detail?: string;
    errors?: FieldError[];
  };
  return new Problem(
    response.status,
    detail || title || `The service answered ${response.status}.`,
    errors ?? [],
  );
}

async function call<T>(path: string, options: Call = {}): Promise<T> {
  for (let tries = 1; ; tries++) {
    const response = await send(path, options);
    if (response.ok) {
      position = response.headers.get("Board-Position") ?? position;
      return (await response.json()) as T;
    }
    if (response.status !== 429 || tries >= PATIENCE) throw await problem(response);
    const wait = Math.min(Number(response.headers.get("Retry-After")) || tries, LONGEST_WAIT_S);
    onWaiting(wait);
    await pause(wait, options.signal);
  }
}

const post = <T>(path: string, body: unknown, signal?: AbortSignal) =>
  call<T>(path, { method: "POST", body, signal });

export const me = () => call<Me>("/me");
export const equipment = () => call<{ items: Equipment[] }>("/equipment");
export const roads = () => call<GeoJSON.FeatureCollection>("/roads");
export const search = (body: object, signal?: AbortSignal) => post<Found>("/search", body, signal);
export const hexes = (body: object, signal?: AbortSignal) =>
  post<Hexes>("/search/hexes", body, signal);
export const matches = (body: object, signal?: AbortSignal) =>
  post<Matches>("/matches", body, signal);
export const load = (id: number) => call<Load>(`/loads/${id}`);
export const route = (id: number, signal?: AbortSignal) =>
  call<Route>(`/loads/${id}/route`, { signal });
export const postLoad = (body: NewLoad) => post<Load>("/loads", body);
export const changeLoad = (id: number, version: number, body: object) =>
  call<Load>(`/loads/${id}`, { method: "PATCH", body, version });
export const cancelLoad = (id: number, version: number) =>
  call<Load>(`/loads/${id}/cancel`, { method: "POST", version });
export const confirmLoad = (id: number) => call<Load>(`/loads/${id}/confirm`, { method: "POST" });

export async function places(q: string, limit = 8, signal?: AbortSignal): Promise<Place[]> {
  const query = new URLSearchParams({ q, limit: String(limit) });
  return (await call<{ items: Place[] }>(`/places?${query}`, { signal })).items;
}
