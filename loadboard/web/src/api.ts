import { call, type Intent, post } from "./http";
import type {
  Equipment,
  Found,
  Hexes,
  Load,
  Matches,
  Me,
  NewLoad,
  Page,
  Place,
  Route,
} from "./types";

export { Problem, whenWaiting } from "./http";

export const me = () => call<Me>("/me");
export const equipment = () => call<{ items: Equipment[] }>("/equipment");
export const roads = () => call<GeoJSON.FeatureCollection>("/roads");
export const search = (body: object, signal?: AbortSignal) =>
  post<Found>("/search", body, { signal });
export const hexes = (body: object, signal?: AbortSignal) =>
  post<Hexes>("/search/hexes", body, { signal });
export const matches = (body: object, signal?: AbortSignal) =>
  post<Matches>("/matches", body, { signal });
export const load = (id: number) => call<Load>(`/loads/${id}`);
export const route = (id: number, signal?: AbortSignal) =>
  call<Route>(`/loads/${id}/route`, { signal });
export const postLoad = (body: Partial<NewLoad>, intent: Intent) =>
  post<Load>("/loads", body, { intent });
export const changeLoad = (id: number, version: number, body: object) =>
  call<Load>(`/loads/${id}`, { method: "PATCH", body, match: version });
export const cancelLoad = (id: number, version: number, body?: object) =>
  post<Load>(`/loads/${id}/cancel`, body, { match: version });
export const confirmLoad = (id: number) => post<Load>(`/loads/${id}/confirm`);

export interface Version {
  version: number;
  at: string;
  rate_cents: number | null;
}
export const history = async (id: number) =>
  (await call<{ items: Version[] }>(`/loads/${id}/history`)).items;

/** A query in an address; what is empty is left out. */
export function queryOf(said: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(said).filter(([, value]) => value != null && value !== "");
  return String(new URLSearchParams(given.map(([name, value]) => [name, String(value)])));
}

export const ownLoads = (status: string, cursor: string | null) =>
  call<Page<Load>>(`/loads?${queryOf({ status, cursor, limit: 100 })}`);

export async function places(q: string, limit = 8, signal?: AbortSignal): Promise<Place[]> {
  return (await call<{ items: Place[] }>(`/places?${queryOf({ q, limit })}`, { signal })).items;
}
