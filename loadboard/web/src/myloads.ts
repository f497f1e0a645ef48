import * as api from "./api";
import { browse } from "./browse";
import { contactFacts, whoAsked } from "./carrying";
import { h } from "./dom";
import { dollars, equipmentNames, first, lane, shortAge, shortWindow } from "./format";
import type { Column } from "./ledger";
import { loadFacts, price, stopList } from "./loadfacts";
import { notice } from "./notice";
import { isMyTurn } from "./offeractions";
import { countWaiting } from "./offers";
import { ownActions } from "./owned";
import { offersOf } from "./ownoffers";
import { actionRow, chip, facts } from "./pane";
import * as trade from "./trade";
import { flagWords, priceHistory } from "./trust";
import type { Load } from "./types";
import type { Context, Shown, View } from "./views";

const WHICH = [
  ["posted", "On the board"],
  ["", "All"],
] as const;

const columns = (
  waiting: (load: Load) => number,
  short: (code: string) => string,
): Column<Load>[] => [
  { name: "status", title: "Status", cell: ({ status }) => chip(status) },
  { name: "reference", title: "Reference", cell: ({ reference }) => reference },
  { name: "lane", title: "Lane", cell: lane },
  {
    name: "pickup",
    title: "Pickup",
    cell: (load) => shortWindow(first(load).window, first(load).zone),
  },
  { name: "truck", title: "Eq", cell: ({ equipment }) => short(equipment) },
  {
    name: "rate",
    title: "Rate",
    number: true,
    cell: ({ rate_cents: cents }) => (cents === null ? "—" : dollars(cents)),
  },
  {
    name: "waiting",
    title: "Offers",
    number: true,
    cell: (load) => (waiting(load) ? chip("mine", String(waiting(load))) : "—"),
  },
  {
    name: "age",
    title: "Confirmed",
    number: true,
    cell: ({ confirmed_at: at }) => shortAge(at),
  },
];

function audienceWords({ audience, instant }: Load): string {
  const who =
    audience && audience !== "everyone"
      ? [
          audience.networks.length && `${audience.networks.length} of your networks`,
          audience.carriers.length && `${audience.carriers.length} named carriers`,
        ]
          .filter(Boolean)
          .join(" and ")
      : "every carrier";
  const book = {
    nobody: "",
    networks: "; your networks book at once",
    everyone: "; all book at once",
  };
  return who + book[instant ?? "nobody"];
}

function showMyLoads(context: Context): Shown {
  const { me, edit } = context;
  const names = equipmentNames(context.equipment);
  let waiting = new Map<number, number>();

  async function countOffers(): Promise<void> {
    const open = await trade.offers("open", null).catch(() => null);
    const mine = open?.items.filter((one) => isMyTurn(me, one)) ?? [];
    waiting = new Map();
    for (const { load } of mine) waiting.set(load.id, (waiting.get(load.id) ?? 0) + 1);
    await countWaiting(me);
  }

  function changed(load: Load, said: string): void {
    notice(said);
    view.show(load);
  }

  function later(load: Load): HTMLElement {
    const place = h("div", { class: "later" });
    void Promise.all([
      offersOf(context, load, () => view.again()),
      priceHistory(load),
      whoAsked(load),
    ]).then((parts) => place.replaceChildren(...parts.filter((part) => part !== null)));
    return place;
  }

  const view = browse<Load>(context, {
    title: "My loads",
    empty: "No loads here yet. Post a load, and carriers see it at once.",
    columns: columns((load) => waiting.get(load.id) ?? 0, names.short),
    which: WHICH,
    page: api.ownLoads,
    one: api.load,
    before: countOffers,
    heading: lane,
    sheet: (load) => [
      h("div", { class: "state" }, price(load), chip(load.status)),
      load.status === "posted" && actionRow(...ownActions(load, { changed, edit })),
      ...flagWords(load),
      later(load),
      stopList(load),
      facts([...loadFacts(load, names), ["Who sees it", audienceWords(load)]]),
      (load.contact || load.addresses) && contactFacts(load.contact ?? null, load.addresses ?? []),
    ],
  });
  return view;
}

export const myLoadsView: View = {
  name: "loads",
  title: "My loads",
  action: "load.list_own",
  show: showMyLoads,
};
