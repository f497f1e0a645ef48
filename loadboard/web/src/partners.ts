import { queryOf } from "./api";
import { call, type Intent, post } from "./http";
import type { Page } from "./types";

/** An organisation of a network, or one that is blocked. `id` is the organisation's. */
export interface Partner {
  id: number;
  name: string;
  usdot: string | null;
  since: string;
}

export interface Network {
  id: number;
  name: string;
  members: number;
  created_at: string;
}

async function partners(path: string, cursor: string | null): Promise<Page<Partner>> {
  type Sent = Omit<Partner, "id"> & { organization_id: number };
  const page = await call<Page<Sent>>(`${path}?${queryOf({ cursor, limit: 200 })}`);
  return { ...page, items: page.items.map(({ organization_id: id, ...one }) => ({ id, ...one })) };
}

/** An organisation as people name it: by its USDOT number, or "no. 12" by its number here. */
export function partnerSaid(text: string): object {
  const here = text.match(/^\s*no\.?\s*(\d+)/i);
  return here ? { organization_id: Number(here[1]) } : { usdot: text.replace(/\D/g, "") };
}

export const networks = (cursor: string | null = null) =>
  call<Page<Network>>(`/networks?${queryOf({ cursor, limit: 200 })}`);
export const makeNetwork = (name: string, intent: Intent) =>
  post<Network>("/networks", { name }, { intent });
export const renameNetwork = (id: number, name: string) =>
  call<Network>(`/networks/${id}`, { method: "PATCH", body: { name } });
export const endNetwork = (id: number) => call<null>(`/networks/${id}`, { method: "DELETE" });
export const members = (id: number) => partners(`/networks/${id}/members`, null);
export const addMember = (id: number, said: string, intent: Intent) =>
  post<Network>(`/networks/${id}/members`, partnerSaid(said), { intent });
export const removeMember = (id: number, partner: number) =>
  call<null>(`/networks/${id}/members/${partner}`, { method: "DELETE" });

export const blocks = (cursor: string | null) => partners("/blocks", cursor);
export const block = (said: string, intent: Intent) =>
  post<object>("/blocks", partnerSaid(said), { intent });
export const unblock = (id: number) => call<null>(`/blocks/${id}`, { method: "DELETE" });
