import { bookingActions } from "./bookingactions";
import { browse } from "./browse";
import { contactButton } from "./carrying";
import { type Child, h } from "./dom";
import {
  ago,
  day,
  clock,
  dollars,
  equipmentNames,
  first,
  lane,
  last,
  perMile,
  shortWindow,
} from "./format";
import type { Column } from "./ledger";
import { loadFacts, stopList } from "./loadfacts";
import { doing, notice } from "./notice";
import { actionRow, chip, facts, section } from "./pane";
import * as trade from "./trade";
import type { Me } from "./types";
import type { Context, Shown, View } from "./views";
import { HERE } from "./zones";

const LIFE = ["booked", "dispatched", "picked_up", "in_transit", "delivered", "invoiced", "paid"];
const PAPERS: Record<string, string> = {
  proof_of_delivery: "Proof of delivery",
  bill_of_lading: "Bill of lading",
  invoice: "Invoice",
  other: "Paper",
};

const other = (me: Me, { poster, carrier }: trade.Booking) =>
  poster.id === me.organization.id ? carrier : poster;

const columns = (me: Me): Column<trade.Booking>[] => [
  { name: "status", title: "Status", cell: ({ status }) => chip(status) },
  { name: "lane", title: "Lane", cell: ({ load }) => lane(load) },
  {
    name: "pickup",
    title: "Pickup",
    cell: ({ load }) => shortWindow(first(load).window, first(load).zone),
  },
  {
    name: "delivery",
    title: "Delivery",
    cell: ({ load }) => shortWindow(last(load).window, last(load).zone),
  },
  { name: "party", title: "With", cell: (one) => other(me, one).name },
  { name: "rate", title: "Rate", number: true, cell: (one) => dollars(one.rate_cents) },
  { name: "age", title: "Booked", number: true, cell: (one) => ago(one.booked_at) },
];

/** Where the load is in its life, as a line of steps. */
function progress({ status }: trade.Booking): HTMLElement | null {
  const at = LIFE.indexOf(status);
  if (at < 0) return null;
  const steps = LIFE.map((step, i) =>
    h(
      "li",
      { class: i <= at ? "done" : "", "aria-current": i === at ? "step" : null },
      step.replaceAll("_", " "),
    ),
  );
  return h("ol", { class: "progress", "aria-label": "Progress" }, ...steps);
}

const moment = (at: string) => `${day(at, HERE)}, ${clock(at, HERE)}`;

function reportItem({ kind, at, note, lat, lon }: trade.Report): HTMLElement {
  return h(
    "li",
    {},
    h("strong", {}, kind.replaceAll("_", " ")),
    h("span", {}, moment(at)),
    h("span", { class: "quiet end" }, `${lat.toFixed(3)}, ${lon.toFixed(3)}`),
    note && h("p", { class: "quiet" }, note),
  );
}

const size = (bytes: number) =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

const confirmation = (booking: trade.Booking) =>
  doing("Rate confirmation (PDF)", {}, () =>
    trade.download(trade.confirmationOf(booking), `rate-confirmation-${booking.id}.pdf`),
  );

function paperItem(of: trade.Booking, paper: trade.Paper): HTMLElement {
  const open = doing("Download", {}, () =>
    trade.download(`/bookings/${of.id}/documents/${paper.id}`, paper.name),
  );
  return h(
    "li",
    {},
    h("strong", {}, PAPERS[paper.kind] ?? paper.kind),
    h("span", { class: "quiet" }, `${paper.name}, ${size(paper.size)}`),
    h("span", { class: "end" }, open),
  );
}

function papers(booking: trade.Booking): Child {
  const items = booking.documents.map((paper) => paperItem(booking, paper));
  return items.length ? section("Papers", h("ul", { class: "plain" }, ...items)) : null;
}

function fromTheRoad({ reports }: trade.Booking): Child {
  const items = reports.map(reportItem).reverse();
  return items.length ? section("From the road", h("ol", { class: "rounds" }, ...items)) : null;
}

function showBookings(context: Context): Shown {
  const { me } = context;
  const names = equipmentNames(context.equipment);

  function done(now: trade.Booking, said: string): void {
    notice(said);
    view.show(now);
  }

  const view = browse<trade.Booking>(context, {
    title: "Bookings",
    empty: "No bookings here. Once a load is booked, it is followed here until it is paid.",
    columns: columns(me),
    page: trade.bookings,
    one: trade.booking,
    heading: ({ load }) => lane(load),
    sheet: (booking) => {
      const contact = h("div", { class: "later" });
      const call = me.may.includes("load.contact") && !booking.cancelled;
      const reveal = call ? [contactButton(booking.load, contact)] : [];
      return [
        progress(booking) ?? chip(booking.status),
        h(
          "p",
          {},
          h("strong", { class: "big" }, dollars(booking.rate_cents)),
          h(
            "span",
            { class: "quiet" },
            ` ${perMile(booking.rate_cents / Math.max(1, booking.load.loaded_miles))} per loaded mile`,
          ),
        ),
        actionRow(...bookingActions(me, booking, done), confirmation(booking), ...reveal),
        contact,
        facts([
          ["Shipper", booking.poster.name],
          ["Carrier", booking.carrier.name],
          ["Booked", moment(booking.booked_at)],
          ["Driver", booking.driver && (booking.driver.name ?? `no. ${booking.driver.id}`)],
          ["Truck", booking.truck_id !== null && `no. ${booking.truck_id}`],
          ["Invoice", booking.invoice?.number],
          ["Invoiced", booking.invoice && dollars(booking.invoice.amount_cents)],
          ["Paid", booking.invoice?.paid_at && moment(booking.invoice.paid_at)],
          ["Cancelled by", booking.cancelled?.by.name],
          ["Because", booking.cancelled?.reason],
        ]),
        fromTheRoad(booking),
        papers(booking),
        stopList(booking.load),
        facts(loadFacts(booking.load, names)),
      ];
    },
  });
  return view;
}

export const bookingsView: View = {
  name: "bookings",
  title: "Bookings",
  action: "booking.read",
  show: showBookings,
};
