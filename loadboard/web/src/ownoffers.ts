import { askForOffer } from "./agreeing";
import { button, h } from "./dom";
import { dollars, equipmentNames } from "./format";
import { carrierField } from "./carriers";
import { isMyTurn, offerActions, offerChip, roundList } from "./offeractions";
import { section } from "./pane";
import * as trade from "./trade";
import type { Load } from "./types";
import type { Context } from "./views";

function askToTender(load: Load, long: (code: string) => string, sent: () => void): void {
  const carrier = carrierField("Carrier", "/carrier_id");
  askForOffer({
    load,
    long,
    title: "Tender to a carrier",
    rate: load.rate_cents,
    submit: "Send tender",
    before: [carrier.element],
    send: async (body, intent) => {
      await trade.tender(load.id, { ...body, carrier_id: carrier.chosen() }, intent);
      sent();
    },
  });
}

/** The offers on one's own load, those that wait for an answer first, each with what can be answered. */
export async function offersOf(
  { me, equipment }: Context,
  load: Load,
  changed: () => void,
): Promise<HTMLElement | null> {
  const { long } = equipmentNames(equipment);
  const found = await trade.offersOn(load.id).catch(() => null);
  if (!found) return null;

  const item = (offer: trade.Offer) =>
    h(
      "li",
      {},
      h("strong", {}, dollars(offer.rate_cents)),
      h("span", {}, offer.carrier.name),
      offerChip(me, offer),
      h("span", { class: "end" }, ...offerActions(me, offer, long, changed)),
      h("details", {}, h("summary", { class: "quiet" }, "History"), roundList(offer)),
    );
  const sorted = found.items.toSorted((a, b) => Number(isMyTurn(me, b)) - Number(isMyTurn(me, a)));
  const canTender = load.status === "posted" && me.may.includes("offer.tender");
  return section(
    "Offers",
    sorted.length
      ? h("ul", { class: "rounds" }, ...sorted.map(item))
      : h("p", { class: "quiet" }, "Nobody has asked for it yet."),
    canTender && button("Tender to a carrier…", {}, () => askToTender(load, long, changed)),
  );
}
