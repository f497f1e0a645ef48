import { askToAccept, askToCounter, askToDecline, askToWithdraw } from "./agreeing";
import { button, h } from "./dom";
import { ago, dollars } from "./format";
import { notice } from "./notice";
import type { Booking, Offer, Round, Side } from "./trade";
import type { Me } from "./types";
import { chip } from "./pane";
import { viewLink } from "./views";

export const sideOf = (me: Me, { poster }: Offer): Side =>
  poster.id === me.organization.id ? "poster" : "carrier";

export const isMyTurn = (me: Me, offer: Offer): boolean =>
  offer.status === "open" && offer.turn === sideOf(me, offer);

export function offerChip(me: Me, offer: Offer): HTMLElement {
  if (offer.status !== "open") return chip(offer.status);
  return isMyTurn(me, offer) ? chip("mine", "your answer") : chip("open", "waiting");
}

/** What one can answer: to the other's terms, or about one's own. */
export function offerActions(
  me: Me,
  offer: Offer,
  long: (code: string) => string,
  done: () => void,
): HTMLElement[] {
  if (offer.status !== "open") return [];
  const booked = ({ id }: Booking) => {
    notice("Booked.", viewLink("bookings", id, "See the booking"));
    done();
  };
  const may = (action: string) => me.may.includes(action);
  if (!isMyTurn(me, offer))
    return may("offer.refuse") ? [button("Withdraw…", {}, () => askToWithdraw(offer, done))] : [];
  return [
    may("offer.agree") &&
      button(`Accept ${dollars(offer.rate_cents)}`, { class: "primary" }, () =>
        askToAccept(offer, long, booked),
      ),
    may("offer.agree") && button("Counter…", {}, () => askToCounter(offer, long, done)),
    may("offer.refuse") && button("Decline…", { class: "danger" }, () => askToDecline(offer, done)),
  ].filter((one) => one !== false);
}

const STEPS: Record<string, string> = {
  request: "requested",
  tender: "tendered",
  counter: "countered",
  accept: "accepted",
  decline: "declined",
  withdraw: "withdrew",
  expire: "ran out",
  end: "ended",
};

function roundItem({ step, at, by, rate_cents, note, reason }: Round, offer: Offer): HTMLElement {
  const who = by === null ? "It" : offer[by].name;
  const words = [note, reason && `Reason: ${reason.replaceAll("_", " ")}`]
    .filter(Boolean)
    .join(" · ");
  return h(
    "li",
    {},
    h("strong", {}, dollars(rate_cents)),
    h("span", {}, `${who} ${STEPS[step] ?? step}`),
    h("span", { class: "quiet end" }, ago(at)),
    words && h("p", { class: "quiet" }, words),
  );
}

/** What was said, round by round, the latest first. */
export const roundList = (offer: Offer): HTMLElement =>
  h("ol", { class: "rounds" }, ...offer.rounds.map((one) => roundItem(one, offer)).reverse());
