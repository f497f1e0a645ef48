import { queryOf } from "./api";
import { answer, call, type Intent, post } from "./http";
import type { Page } from "./types";

/** What has no version of its own has an ETag that its change needs; lists don't tell it. */
interface Tagged {
  id: number;
  etag?: string;
}

export interface Organization extends Tagged {
  name: string;
  kind: string;
  usdot: string | null;
  mc: string | null;
  authority: "unknown" | "active" | "inactive";
  insured_until: string | null;
  suspended: boolean;
  created_at: string;
}

export interface Person extends Tagged {
  email: string;
  name: string | null;
  role: string;
  disabled: boolean;
  created_at: string;
}

export interface Invitation {
  id: number;
  email: string;
  role: string;
  expires_at: string;
}

export type NewInvitation = Invitation & { token: string };

export interface Key {
  id: number;
  name: string;
  prefix: string;
  role: string;
  scopes: string[];
  expires_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
}

async function tagged<T extends Tagged>(response: Response): Promise<T> {
  return { ...((await response.json()) as T), etag: response.headers.get("ETag") ?? "*" };
}

const change = async <T extends Tagged>(path: string, { id, etag }: T, body: object) =>
  tagged<T>(await answer(`${path}/${id}`, { method: "PATCH", body, match: etag }));

export const organizations = (q: string, cursor: string | null) =>
  call<Page<Organization>>(`/organizations?${queryOf({ q, cursor, limit: 100 })}`);
export const organization = async (id: number) =>
  tagged<Organization>(await answer(`/organizations/${id}`));
export const changeOrganization = (one: Organization, body: object) =>
  change("/organizations", one, body);
export const makeOrganization = (body: object, intent: Intent) =>
  post<{ organization: Organization; invitation: NewInvitation }>("/organizations", body, {
    intent,
  });
export const peopleOf = (id: number) => call<Page<Person>>(`/organizations/${id}/people?limit=100`);

export const people = (cursor: string | null) =>
  call<Page<Person>>(`/people?${queryOf({ cursor, limit: 100 })}`);
export const person = async (id: number) => tagged<Person>(await answer(`/people/${id}`));
export const changePerson = (one: Person, body: object) => change("/people", one, body);

export const invitations = (cursor: string | null) =>
  call<Page<Invitation>>(`/invitations?${queryOf({ cursor, limit: 100 })}`);
export const invite = (email: string, role: string, intent: Intent) =>
  post<NewInvitation>("/invitations", { email, role }, { intent });
export const withdraw = (id: number) => call<null>(`/invitations/${id}`, { method: "DELETE" });

export const keys = (cursor: string | null) =>
  call<Page<Key>>(`/keys?${queryOf({ cursor, limit: 100 })}`);
export const makeKey = (body: object, intent: Intent) =>
  post<Key & { key: string }>("/keys", body, { intent });
export const revokeKey = (id: number) => post<Key>(`/keys/${id}/revoke`);
