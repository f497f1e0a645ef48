import * as api from "./api";
import { carrierActions, contactButton, isOpenTo, ownOffer } from "./carrying";
import { button, byId, h } from "./dom";
import { lane } from "./format";
import { loadFacts, type Names, price, stopList } from "./loadfacts";
import { ownActions } from "./owned";
import { facts } from "./pane";
import { flagWords, priceHistory } from "./trust";
import type { Load, Me, Route } from "./types";
import { viewLink } from "./views";

export interface Details {
  open(load: Load, focus?: boolean): void;
  close(): void;
  shown(): Load | null;
}

interface Listeners {
  route: (route: Route | null) => void;
  fit: (load: Load, route: Route | null) => void;
  changed: () => void;
  closed: () => void;
  edit: (load: Load) => void;
  say: (text: string) => void;
  /** What the search or the ranking measured of a load. */
  measured: (load: Load) => HTMLElement | null;
}

/** The card of a load on the map: what is known of it, and what one may do with it. */
export function loadDetails(me: Me, names: Names, listeners: Listeners): Details {
  const card = byId("details");
  let load: Load | null = null;
  let route: Route | null = null;
  let asked = new AbortController();

  async function drawRoute(id: number): Promise<void> {
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    listeners.route((route = null));
    const found = await api.route(id, signal).catch(() => null);
    if (!signal.aborted) listeners.route((route = found));
  }

  function changed(now: Load, said: string): void {
    show((load = now));
    listeners.changed();
    listeners.say(said);
  }

  /** The load as the service has it now, after an offer or a booking. */
  async function again(): Promise<void> {
    const id = load?.id;
    listeners.changed();
    const now = id === undefined ? null : await api.load(id).catch(() => null);
    if (load?.id !== id) return;
    if (now) show((load = now));
    else listeners.closed();
  }

  function actions(shown: Load, contact: HTMLElement): HTMLElement {
    const whole = button("Show whole route", {}, () => listeners.fit(shown, route));
    const isOwn = me.may.includes("load.post") && shown.organization.id === me.organization.id;
    if (isOwn) {
      const { edit } = listeners;
      const can = shown.status === "posted" ? ownActions(shown, { changed, edit }) : [];
      const offers = viewLink("loads", shown.id, "Offers and more");
      return h("div", { class: "actions" }, ...can, whole, offers);
    }
    if (!isOpenTo(me, shown)) return h("div", { class: "actions" }, whole);
    const deal = carrierActions(shown, {
      long: names.long,
      changed: () => void again(),
      gone: () => {
        listeners.changed();
        listeners.closed();
      },
    });
    const call = me.may.includes("load.contact") && contactButton(shown, contact);
    return h("div", { class: "actions" }, ...deal, call, whole);
  }

  /** What the service has to be asked for, and comes a moment later. */
  async function addLater(shown: Load, place: HTMLElement): Promise<void> {
    const found = await Promise.all([
      isOpenTo(me, shown) ? ownOffer(shown) : null,
      priceHistory(shown),
    ]);
    place.replaceChildren(...found.filter((part) => part !== null));
  }

  function show(shown: Load): void {
    const focused = card.contains(document.activeElement);
    const close = button("×", { class: "close", "aria-label": "Close details" }, listeners.closed);
    const measured = listeners.measured(shown);
    const [contact, later] = [h("div", { class: "later" }), h("div", { class: "later" })];
    const sample = shown.sample && h("span", { class: "badge" }, "Sample");
    card.replaceChildren(
      h("header", {}, h("h2", { id: "details-title" }, lane(shown), sample), price(shown), close),
      actions(shown, contact),
      ...flagWords(shown),
      contact,
      ...(measured ? [measured] : []),
      stopList(shown),
      facts(loadFacts(shown, names)),
      later,
    );
    if (focused) card.focus();
    void addLater(shown, later);
  }

  return {
    open(next, focus = false) {
      const same = load?.id === next.id;
      load = next;
      show(next);
      card.hidden = false;
      if (!same) void drawRoute(next.id);
      if (focus) card.focus();
    },
    close() {
      asked.abort();
      load = route = null;
      card.hidden = true;
      listeners.route(null);
    },
    shown: () => load,
  };
}
