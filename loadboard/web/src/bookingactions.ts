import { placeQuery } from "./areas";
import { ask } from "./dialog";
import { button, h } from "./dom";
import { centsOf, choices, field, money } from "./fields";
import { dollars, first, last, placeName } from "./format";
import { say } from "./notice";
import { suggestPlaces } from "./suggest";
import * as trade from "./trade";
import type { Me } from "./types";
import { HERE, toLocal, toMoment, toUtc } from "./zones";

type Done = (booking: trade.Booking, said: string) => void;

const CANCELLATIONS = [
  "The truck is not available",
  "The load is not ready",
  "The load is cancelled",
];

const REPORTS = [
  ["picked_up", "Picked up"],
  ["in_transit", "On the road"],
  ["delivered", "Delivered"],
  ["position", "Only where it is"],
] as const;
const NEXT: Record<string, string> = {
  dispatched: "picked_up",
  picked_up: "in_transit",
  in_transit: "delivered",
};

const ANOTHER = "another";

async function askToDispatch(booking: trade.Booking, done: Done): Promise<void> {
  const [drivers, trucks] = await Promise.all([trade.drivers(), trade.trucks()]);
  const driver = choices(
    drivers.map(({ id, name, email }) => [String(id), name ?? email] as const),
  );
  const chosen = booking.truck_id ? String(booking.truck_id) : (trucks[0]?.[0] ?? ANOTHER);
  const truck = choices([...trucks, [ANOTHER, "Another, which is posted with this"]], chosen);
  ask({
    title: "Dispatch",
    body: [field("Driver", driver, "/driver_id"), field("Truck", truck, "/truck_id")],
    submit: "Dispatch",
    act: async (_, intent) => {
      const isNew = truck.value === ANOTHER;
      const truckId = isNew ? await trade.postTruckFor(booking, intent) : Number(truck.value);
      const body = { driver_id: Number(driver.value), truck_id: truckId };
      done(await trade.stepBooking(booking, "dispatch", body, intent), "Dispatched.");
    },
  });
}

/** A place by its name, or where this device is. */
function whereField(label: string, usual: string) {
  const input = h("input", { type: "text", required: true, maxlength: 100, value: usual });
  let device: GeolocationCoordinates | null = null;
  const options = suggestPlaces(input, () => (device = null));
  const use = button("Use this device's position", { class: "link" }, () =>
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        device = coords;
        input.value = `${coords.latitude.toFixed(4)}, ${coords.longitude.toFixed(4)}`;
      },
      () => (use.textContent = "This device does not tell its position."),
    ),
  );
  const read = () =>
    device ? { lat: device.latitude, lon: device.longitude } : placeQuery(input.value.trim());
  return { element: field(label, input, "/where/place", options, use), read };
}

function askToReport(booking: trade.Booking, done: Done): void {
  const kind = choices(REPORTS, NEXT[booking.status] ?? "position");
  const stop = NEXT[booking.status] === "picked_up" ? first(booking.load) : last(booking.load);
  const where = whereField("Where", placeName(stop));
  const now = toLocal(Date.now(), HERE);
  const at = h("input", { type: "datetime-local", required: true, value: now });
  const note = h("input", { maxlength: 500 });
  // To the second where it is now, for it must not lie before the booking.
  const moment = () => (at.value === now ? Date.now() : (toMoment(at.value, HERE) ?? Date.now()));
  ask({
    title: "Report from the road",
    body: [
      h(
        "div",
        { class: "pair" },
        field("What", kind, "/kind"),
        field("When, by your clock", at, "/at"),
      ),
      where.element,
      field("Note (optional)", note, "/note"),
    ],
    submit: "Report",
    act: async (_, intent) => {
      const body = {
        kind: kind.value,
        at: toUtc(moment()),
        where: where.read(),
        note: note.value.trim() || null,
      };
      done(await trade.report(booking, body, intent), "Reported.");
    },
  });
}

function askForPaper(booking: trade.Booking, done: Done): void {
  const file = h("input", {
    type: "file",
    required: true,
    accept: "application/pdf,image/jpeg,image/png",
  });
  const kind = choices(
    [
      ["proof_of_delivery", "Proof of delivery"],
      ["bill_of_lading", "Bill of lading"],
      ["other", "Another paper"],
    ],
    "proof_of_delivery",
  );
  ask({
    title: "Add a paper",
    body: [field("Kind", kind, "/kind"), field("File: PDF, JPEG or PNG", file, "/file")],
    submit: "Add paper",
    act: async (_, intent) => {
      await trade.addPaper(booking, kind.value, file.files?.[0] as File, intent);
      done(await trade.booking(booking.id), "The paper is added.");
    },
  });
}

function askToInvoice(booking: trade.Booking, done: Done): void {
  const number = h("input", { required: true, maxlength: 100 });
  const sum = money(booking.rate_cents, { required: true });
  ask({
    title: "Invoice",
    body: [
      h(
        "div",
        { class: "pair" },
        field("Invoice number", number, "/number"),
        field("Sum, $", sum, "/amount_cents"),
      ),
    ],
    submit: "Send invoice",
    act: async (_, intent) => {
      const body = { number: number.value.trim(), amount_cents: centsOf(sum) };
      done(await trade.stepBooking(booking, "invoice", body, intent), "Invoiced.");
    },
  });
}

function askIfPaid(booking: trade.Booking, done: Done): void {
  const reference = h("input", { required: true, maxlength: 100, placeholder: "ACH 4711" });
  const cents = booking.invoice?.amount_cents ?? booking.rate_cents;
  ask({
    title: `Mark ${dollars(cents)} as paid`,
    body: [field("Payment reference", reference, "/reference")],
    submit: "Mark as paid",
    act: async (_, intent) => {
      const body = { amount_cents: cents, reference: reference.value.trim() };
      done(await trade.stepBooking(booking, "pay", body, intent), "Marked as paid.");
    },
  });
}

function askToCancel(booking: trade.Booking, done: Done): void {
  const reason = h("input", { required: true, maxlength: 200, list: "cancellations" });
  const usual = h(
    "datalist",
    { id: "cancellations" },
    ...CANCELLATIONS.map((value) => h("option", { value })),
  );
  ask({
    title: "Cancel this booking?",
    body: [
      h(
        "p",
        {},
        "The other side learns of it. The load is not opened again: it has to be posted anew.",
      ),
      field("Reason", reason, "/reason", usual),
    ],
    submit: "Cancel booking",
    danger: true,
    act: async (_, intent) => {
      const body = { reason: reason.value.trim() };
      done(await trade.stepBooking(booking, "cancel", body, intent), "The booking is cancelled.");
    },
  });
}

/** What can be done with a booking now: the next step first, by whoever may take it. */
export function bookingActions(me: Me, booking: trade.Booking, done: Done): HTMLElement[] {
  const { status } = booking;
  const may = (action: string, ...when: string[]) =>
    me.may.includes(action) && when.includes(status);
  const onTheRoad = may("booking.report", "dispatched", "picked_up", "in_transit");
  const one = (can: boolean, text: string, act: () => void, look = "") =>
    can ? [button(text, { class: look }, act)] : [];
  return [
    ...one(
      may("booking.dispatch", "booked"),
      "Dispatch…",
      () => void askToDispatch(booking, done).catch(say),
      "primary",
    ),
    ...one(onTheRoad, "Report…", () => askToReport(booking, done), "primary"),
    ...one(
      may("booking.attach", "dispatched", "picked_up", "in_transit", "delivered", "invoiced"),
      "Add a paper…",
      () => askForPaper(booking, done),
      status === "delivered" && !booking.documents.length ? "primary" : "",
    ),
    ...one(
      may("booking.invoice", "delivered"),
      "Invoice…",
      () => askToInvoice(booking, done),
      booking.documents.length ? "primary" : "",
    ),
    ...one(
      may("booking.pay", "invoiced"),
      "Mark as paid…",
      () => askIfPaid(booking, done),
      "primary",
    ),
    ...one(
      may("booking.dispatch", "dispatched"),
      "Dispatch another…",
      () => void askToDispatch(booking, done).catch(say),
    ),
    ...one(
      may("booking.cancel", "booked", "dispatched"),
      "Cancel booking…",
      () => askToCancel(booking, done),
      "danger",
    ),
  ];
}
