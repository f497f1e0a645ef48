import { askForOffer, askToBook } from "./agreeing";
import { button, h } from "./dom";
import { ago, dollars, isInstant } from "./format";
import { Problem } from "./http";
import { notice } from "./notice";
import { facts, section } from "./pane";
import * as trade from "./trade";
import type { Contact, Load, Me } from "./types";
import { viewLink } from "./views";

interface Listeners {
  long: (code: string) => string;
  /** An offer was made: there is more to show of the load. */
  changed: () => void;
  /** The load is off the board. */
  gone: () => void;
}

/** What a carrier can do with an open load: book it, ask for it, or say a rate. */
export function carrierActions(load: Load, { long, changed, gone }: Listeners): HTMLElement[] {
  const offer = (title: string, rate: number | null, submit: string) =>
    askForOffer({
      load,
      long,
      title,
      rate,
      submit,
      send: async (body, intent) => {
        const { id } = await trade.makeOffer(load.id, body, intent);
        notice(`Sent to ${load.organization.name}.`, viewLink("offers", id, "Your offers"));
        changed();
      },
    });
  const booked = (id: number) => {
    notice("It is yours.", viewLink("bookings", id, "See the booking"));
    gone();
  };
  const rate = load.rate_cents;
  const now = isInstant(load);
  return [
    ...(now && rate !== null
      ? [
          button(`Book now for ${dollars(rate)}`, { class: "primary" }, () =>
            askToBook(load, long, booked),
          ),
        ]
      : []),
    ...(rate !== null
      ? [
          button(`Request at ${dollars(rate)}`, { class: now ? "" : "primary" }, () =>
            offer("Request this load", rate, "Send request"),
          ),
        ]
      : []),
    button("Offer a rate", { class: rate === null ? "primary" : "" }, () =>
      offer("Offer a rate", null, "Send offer"),
    ),
  ];
}

const WAITING: Record<trade.Side, (offer: trade.Offer) => string> = {
  poster: ({ poster }) => `${poster.name} has to answer.`,
  carrier: ({ poster }) => `${poster.name} waits for your answer.`,
};

/** Where one's own offer on this load stands. */
export async function ownOffer(load: Load): Promise<HTMLElement | null> {
  const found = await trade.offersOn(load.id).catch(() => null);
  const open = found?.items.find(({ status }) => status === "open");
  if (!open) return null;
  return h(
    "p",
    { class: "warn" },
    `${dollars(open.rate_cents)} is on the table. ${WAITING[open.turn](open)} `,
    viewLink("offers", open.id, "See the offer"),
  );
}

export function contactFacts(contact: Contact | null, addresses: (string | null)[]): HTMLElement {
  const phone =
    contact?.phone &&
    h("a", { href: `tel:${contact.phone.replace(/[^+\d]/g, "")}` }, contact.phone);
  const mail =
    contact?.email &&
    h(
      "a",
      { href: `mailto:${encodeURIComponent(contact.email).replaceAll("%40", "@")}` },
      contact.email,
    );
  const streets = addresses.map((address, i): [string, string | null] => [
    `Stop ${i + 1}`,
    address,
  ]);
  return section(
    "Contact",
    facts([["Name", contact?.name], ["Phone", phone], ["E-mail", mail], ...streets]),
  );
}

/** Who was told the contact of one's own load. */
export async function whoAsked(load: Load): Promise<HTMLElement | null> {
  const found = await trade.contactViews(load.id).catch(() => null);
  if (!found?.total) return null;
  const items = found.items.map(({ organization, at }) =>
    h("li", {}, organization.name, h("span", { class: "quiet end" }, ago(at))),
  );
  return section("Asked for the contact", h("ul", { class: "plain" }, ...items));
}

/** The button that asks for the contact, which is told for this load alone, and noted. */
export function contactButton(load: Load, place: HTMLElement): HTMLElement {
  const reveal = button("Show contact", {}, async () => {
    reveal.disabled = true;
    try {
      const { contact, addresses } = await trade.revealContact(load.id);
      place.replaceChildren(contactFacts(contact, addresses ?? []));
      reveal.remove();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      place.replaceChildren(h("p", { class: "refused", role: "alert" }, error.message));
      reveal.disabled = false;
    }
  });
  return reveal;
}

export const isOpenTo = (me: Me, load: Load): boolean =>
  me.may.includes("offer.make") &&
  load.status === "posted" &&
  load.organization.id !== me.organization.id;
