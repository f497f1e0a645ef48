import { browse } from "./browse";
import { h } from "./dom";
import { ago, dollars, equipmentNames, first, lane, perMile, shortWindow } from "./format";
import type { Column } from "./ledger";
import { loadFacts, stopList } from "./loadfacts";
import { isMyTurn, offerActions, offerChip, roundList, sideOf } from "./offeractions";
import { actionRow, facts, section } from "./pane";
import * as trade from "./trade";
import type { Me } from "./types";
import { type Context, markWaiting, type Shown, type View } from "./views";

const WHICH = [
  ["open", "Open"],
  ["", "All"],
] as const;

const other = (me: Me, offer: trade.Offer) =>
  sideOf(me, offer) === "poster" ? offer.carrier.name : offer.poster.name;

function until(moment: string | null): string {
  if (moment === null) return "—";
  const minutes = Math.round((Date.parse(moment) - Date.now()) / 60_000);
  if (minutes <= 0) return "over";
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

const columns = (me: Me): Column<trade.Offer>[] => [
  { name: "status", title: "Status", cell: (one) => offerChip(me, one) },
  { name: "lane", title: "Lane", cell: (one) => lane(one.load) },
  {
    name: "pickup",
    title: "Pickup",
    cell: ({ load }) => shortWindow(first(load).window, first(load).zone),
  },
  { name: "party", title: "With", cell: (one) => other(me, one) },
  { name: "rate", title: "Rate", number: true, cell: (one) => dollars(one.rate_cents) },
  {
    name: "per-mile",
    title: "$/mi",
    number: true,
    cell: ({ rate_cents, load }) => perMile(rate_cents / Math.max(1, load.loaded_miles)),
  },
  {
    name: "posted",
    title: "Posted at",
    number: true,
    cell: ({ load }) => (load.rate_cents === null ? "—" : dollars(load.rate_cents)),
  },
  {
    name: "expires",
    title: "Stands for",
    number: true,
    cell: (one) => (one.status === "open" ? until(one.expires_at) : "—"),
  },
  { name: "age", title: "Changed", number: true, cell: (one) => ago(one.changed_at) },
];

/** How many offers wait for this organisation's answer, beside the name of the view. */
export async function countWaiting(me: Me): Promise<void> {
  const open = await trade.offers("open", null).catch(() => null);
  if (open) markWaiting("offers", open.items.filter((one) => isMyTurn(me, one)).length);
}

function showOffers(context: Context): Shown {
  const { me } = context;
  const names = equipmentNames(context.equipment);

  const view = browse<trade.Offer>(context, {
    title: "Offers",
    empty: "No offers here. Requests and offers on loads, and the answers to them, are kept here.",
    columns: columns(me),
    which: WHICH,
    page: trade.offers,
    one: trade.offer,
    before: () => countWaiting(me),
    heading: ({ load }) => lane(load),
    sheet: (offer) => [
      h(
        "p",
        { class: "state" },
        h("strong", { class: "big" }, dollars(offer.rate_cents)),
        offerChip(me, offer),
      ),
      actionRow(...offerActions(me, offer, names.long, () => view.refresh())),
      section("History", roundList(offer)),
      facts([
        ["With", other(me, offer)],
        ["Stands for", offer.status === "open" ? until(offer.expires_at) : null],
        ["Posted at", offer.load.rate_cents === null ? "no rate" : dollars(offer.load.rate_cents)],
      ]),
      stopList(offer.load),
      facts(loadFacts(offer.load, names)),
    ],
  });
  return view;
}

export const offersView: View = {
  name: "offers",
  title: "Offers",
  action: "offer.read",
  show: showOffers,
};
