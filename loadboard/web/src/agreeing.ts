import { h } from "./dom";
import { choices, field, money, centsOf } from "./fields";
import { ask } from "./dialog";
import { count, dollars, lane, perMile } from "./format";
import { stopList } from "./loadfacts";
import { facts } from "./pane";
import * as trade from "./trade";
import type { Load } from "./types";

const HOUR_MS = 3_600_000;
const LIVES = [
  ["1", "1 hour"],
  ["4", "4 hours"],
  ["24", "1 day"],
  ["", "as long as the load is open"],
] as const;

const REASONS = [
  "The rate is too low",
  "The rate is too high",
  "The times do not work",
  "The equipment does not fit",
  "It is covered elsewhere",
];

/** The terms as they are agreed to: everything that binds, in one place. */
export function termsOf(load: Load, long: (code: string) => string): HTMLElement {
  return h(
    "div",
    { class: "terms-agreed" },
    stopList(load),
    facts([
      ["Equipment", `${long(load.equipment)}, ${load.full ? "full" : "partial"}`],
      ["Weight", load.weight_lb === null ? "not given" : `${count(load.weight_lb)} lb`],
      ["Loaded miles", count(load.loaded_miles)],
      ["Commodity", load.commodity],
      ["Hazmat", load.hazmat ? "yes" : null],
      ["Poster", load.organization.name],
      ["Reference", load.reference],
    ]),
  );
}

export function rateLine(cents: number, miles: number): HTMLElement {
  const each = miles
    ? h("span", { class: "quiet" }, ` ${perMile(cents / miles)} per loaded mile`)
    : null;
  return h("p", {}, h("strong", { class: "big" }, dollars(cents)), each);
}

/** An input of a rate that says what it is by the mile. */
function rateField(
  load: Load,
  cents: number | null,
): { element: HTMLElement; input: HTMLInputElement } {
  const input = money(cents, { required: true, name: "rate" });
  const each = h("p", { class: "hint" });
  const tell = () => {
    const said = centsOf(input);
    each.textContent =
      said && load.loaded_miles ? `${perMile(said / load.loaded_miles)} per loaded mile` : "";
  };
  input.addEventListener("input", tell);
  tell();
  return { element: field("Rate, $", input, "/rate_cents", each), input };
}

const noteField = (label = "Note (optional)") => {
  const input = h("textarea", { name: "note", maxlength: 500 });
  return { element: field(label, input, "/note"), input };
};

const until = (hours: string) =>
  hours === "" ? null : new Date(Date.now() + Number(hours) * HOUR_MS).toISOString();

interface Offering {
  load: Load;
  long: (code: string) => string;
  title: string;
  rate: number | null;
  submit: string;
  /** Fields that come before the rate. */
  before?: HTMLElement[];
  send(body: trade.NewOffer, intent: Parameters<typeof trade.makeOffer>[2]): Promise<void>;
}

/** Asks for a rate and how long it stands, under the terms of the load. */
export function askForOffer({
  load,
  long,
  title,
  rate,
  submit,
  before = [],
  send,
}: Offering): void {
  const said = rateField(load, rate);
  const note = noteField();
  const life = choices(LIVES, "4");
  ask({
    title,
    body: [
      termsOf(load, long),
      ...before,
      h("div", { class: "pair" }, said.element, field("It stands for", life, "/expires_at")),
      note.element,
    ],
    submit,
    act: (_, intent) =>
      send(
        {
          rate_cents: centsOf(said.input),
          note: note.input.value.trim() || null,
          expires_at: until(life.value),
        },
        intent,
      ),
  });
}

/** Asks whether to book at exactly these terms: the one act that binds. */
export function askToBook(
  load: Load,
  long: (code: string) => string,
  booked: (id: number) => void,
): void {
  ask({
    title: "Book this load",
    body: [
      rateLine(load.rate_cents ?? 0, load.loaded_miles),
      termsOf(load, long),
      h("p", { class: "hint" }, "Booking is binding for both sides, at exactly these terms."),
    ],
    submit: `Book for ${dollars(load.rate_cents ?? 0)}`,
    act: async (_, intent) => booked((await trade.book(load, intent)).id),
  });
}

type Done = (offer: trade.Offer) => void;

export function askToCounter(offer: trade.Offer, long: (code: string) => string, done: Done): void {
  askForOffer({
    load: offer.load,
    long,
    title: `Counter ${dollars(offer.rate_cents)}`,
    rate: offer.rate_cents,
    submit: "Send counter",
    send: async (body, intent) => done(await trade.answerOffer(offer, "counter", body, intent)),
  });
}

export function askToAccept(
  offer: trade.Offer,
  long: (code: string) => string,
  booked: (booking: trade.Booking) => void,
): void {
  ask({
    title: `Accept ${dollars(offer.rate_cents)}`,
    body: [
      rateLine(offer.rate_cents, offer.load.loaded_miles),
      termsOf(offer.load, long),
      facts([["Carrier", offer.carrier.name]]),
      h(
        "p",
        { class: "hint" },
        "This books the load, which binds both sides. Its other offers end.",
      ),
    ],
    submit: "Accept and book",
    act: async (_, intent) => booked(await trade.accept(offer, intent)),
  });
}

export function askToDecline(offer: trade.Offer, done: Done): void {
  const reason = h("input", { required: true, maxlength: 200, list: "reasons" });
  const usual = h("datalist", { id: "reasons" }, ...REASONS.map((value) => h("option", { value })));
  ask({
    title: `Decline ${dollars(offer.rate_cents)}`,
    body: [field("Reason, which the other side is told", reason, "/reason", usual)],
    submit: "Decline",
    danger: true,
    act: async (_, intent) => {
      const body = { reason: reason.value.trim() };
      done(await trade.answerOffer(offer, "decline", body, intent));
    },
  });
}

export function askToWithdraw(offer: trade.Offer, done: Done): void {
  ask({
    title: "Withdraw your offer?",
    body: [h("p", {}, `${lane(offer.load)}, ${dollars(offer.rate_cents)}`)],
    submit: "Withdraw",
    danger: true,
    act: async (_, intent) => done(await trade.answerOffer(offer, "withdraw", undefined, intent)),
  });
}
