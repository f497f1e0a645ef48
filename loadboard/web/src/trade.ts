import { queryOf } from "./api";
import { answer, type Call, call, type Intent, post } from "./http";
import type { Contact, Load, NewStop, Page, Party, Stop } from "./types";

export type Side = "poster" | "carrier";

export interface Round {
  step: string;
  at: string;
  /** Null for what nobody did: it expired or ended. */
  by: Side | null;
  rate_cents: number;
  note: string | null;
  reason: string | null;
}

export interface Offer {
  id: number;
  version: number;
  kind: "request" | "tender";
  status: "open" | "accepted" | "declined" | "withdrawn" | "expired" | "ended";
  turn: Side;
  rate_cents: number;
  note: string | null;
  reason: string | null;
  expires_at: string | null;
  changed_at: string;
  poster: Party;
  carrier: Party;
  load: Load;
  rounds: Round[];
}

export interface Report {
  kind: string;
  at: string;
  received_at: string;
  lat: number;
  lon: number;
  note: string | null;
}

export interface Paper {
  id: number;
  kind: string;
  name: string;
  content_type: string;
  size: number;
  added_at: string;
}

export interface Booking {
  id: number;
  version: number;
  status: string;
  rate_cents: number;
  /** The load as it was agreed. */
  load: Load;
  poster: Party;
  carrier: Party;
  booked_at: string;
  truck_id: number | null;
  driver: { id: number; name: string | null } | null;
  dispatched_at: string | null;
  reports: Report[];
  documents: Paper[];
  invoice: {
    number: string;
    amount_cents: number;
    at: string;
    paid_at: string | null;
    payment_reference: string | null;
  } | null;
  cancelled: { at: string; by: Party; reason: string } | null;
}

/** A booking as it is sent: the load stands among the terms, without its poster. */
type Sent = Omit<Booking, "load"> & { terms: { load: Load } };

export interface NewOffer {
  rate_cents: number | null;
  note: string | null;
  expires_at: string | null;
}

export interface Tender extends NewOffer {
  carrier_id: number;
}

export const offers = (status: string, cursor: string | null) =>
  call<Page<Offer>>(`/offers?${queryOf({ status, cursor })}`);
export const offersOn = (loadId: number) => call<Page<Offer>>(`/loads/${loadId}/offers`);
export const offer = (id: number) => call<Offer>(`/offers/${id}`);
export const makeOffer = (loadId: number, body: NewOffer, intent: Intent) =>
  post<Offer>(`/loads/${loadId}/offers`, body, { intent });

export const tender = (loadId: number, body: Tender, intent: Intent) =>
  post<Offer>(`/loads/${loadId}/tenders`, body, { intent });

type Answering = "counter" | "decline" | "withdraw";
export const answerOffer = (to: Offer, what: Answering, body: object | undefined, intent: Intent) =>
  post<Offer>(`/offers/${to.id}/${what}`, body, { match: to.version, intent });
const read = ({ terms: { load }, ...booking }: Sent): Booking => ({
  ...booking,
  load: { ...load, organization: booking.poster },
});

async function sent(path: string, body: object | undefined, more: Call): Promise<Booking> {
  return read(await post<Sent>(path, body, more));
}

/** Books the load at the terms of the other side. */
export const accept = (to: Offer, intent: Intent) =>
  sent(`/offers/${to.id}/accept`, undefined, { match: to.version, intent });
export const book = ({ id, version, rate_cents }: Load, intent: Intent) =>
  sent(`/loads/${id}/book`, { rate_cents }, { match: version, intent });

export async function bookings(_: string, cursor: string | null): Promise<Page<Booking>> {
  const page = await call<Page<Sent>>(`/bookings?${queryOf({ cursor, limit: 100 })}`);
  return { ...page, items: page.items.map(read) };
}
export const booking = async (id: number) => read(await call<Sent>(`/bookings/${id}`));

export type BookingStep = "dispatch" | "invoice" | "pay" | "cancel";
export const stepBooking = (on: Booking, step: BookingStep, body: object, intent: Intent) =>
  sent(`/bookings/${on.id}/${step}`, body, { match: on.version, intent });
/** What happened on the road; it may come late, so it is meant for no version. */
export const report = (on: Booking, body: object, intent: Intent) =>
  sent(`/bookings/${on.id}/reports`, body, { intent });

/** Fetches a paper and hands it to the browser to keep or open. */
export async function download(path: string, name: string): Promise<void> {
  const url = URL.createObjectURL(await (await answer(path)).blob());
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Whom to call about a load. */
export const revealContact = (loadId: number) =>
  post<{ contact: Contact | null; addresses: (string | null)[] | null }>(
    `/loads/${loadId}/contact`,
  );

/** Which carriers were told the contact of a load of one's own. */
export const contactViews = (loadId: number) =>
  call<Page<{ organization: Party; at: string }>>(`/loads/${loadId}/contact/views`);

export interface Person {
  id: number;
  email: string;
  name: string | null;
  role: string;
  disabled: boolean;
}

/** Who can drive: the people of one's own organisation, drivers first. */
export async function drivers(): Promise<Person[]> {
  const { items } = await call<Page<Person>>("/people?limit=200");
  const is = ({ role }: Person) => Number(role === "driver");
  return items.filter(({ disabled }) => !disabled).toSorted((a, b) => is(b) - is(a));
}

interface PostedTruck {
  id: number;
  truck: { equipment: string; at: NewStop };
}

const truckLabel = ({ id, truck: { equipment, at } }: PostedTruck): string =>
  `no. ${id}, ${equipment} at ${at.place ?? at.zip ?? "a point"}`;

/** One's own posted trucks, by what they are and where. */
export async function trucks(): Promise<[id: string, label: string][]> {
  const { items } = await call<Page<PostedTruck>>("/trucks?status=posted&limit=200");
  return items.map((truck) => [String(truck.id), truckLabel(truck)]);
}

/** Posts a truck that is where the load begins. */
export async function postTruckFor({ load }: Booking, intent: Intent): Promise<number> {
  const [{ lat, lon, window }] = load.stops as [Stop];
  const truck = { at: { lat, lon }, equipment: load.equipment, free_from: window?.from };
  return (await post<{ id: number }>("/trucks", truck, { intent })).id;
}

export const confirmationOf = (of: Booking): string => `/bookings/${of.id}/rate-confirmation.pdf`;

export const addPaper = (to: Booking, kind: string, file: File, intent: Intent) =>
  post<Paper>(`/bookings/${to.id}/documents?${queryOf({ kind, name: file.name })}`, undefined, {
    file,
    intent,
  });
