import * as api from "./api";
import { button, byId, h } from "./dom";
import { ago, count, dollars, lane, longWindow, perMile, placeName } from "./format";
import type { Load, Me, Route, Stop } from "./types";
import { longZone } from "./zones";

export interface Details {
  open(load: Load, focus?: boolean): void;
  close(): void;
  shown(): Load | null;
}

interface Listeners {
  route: (route: Route | null) => void;
  fit: (load: Load, route: Route | null) => void;
  changed: (load: Load) => void;
  closed: () => void;
  say: (text: string) => void;
  /** What the search or the ranking measured of a load. */
  measured: (load: Load) => HTMLElement | null;
}

type Names = { long: (code: string) => string };

function stopItem(stop: Stop): HTMLLIElement {
  const zip = stop.zip && stop.zip !== placeName(stop) ? ` ${stop.zip}` : "";
  const at = stop.window ? Date.parse(stop.window.from) : Date.now();
  const near = stop.place === null && stop.town !== null ? "near " : "";
  return h(
    "li",
    { class: stop.kind },
    h(
      "span",
      { class: "kind", title: stop.zone },
      `${stop.kind === "pickup" ? "Pickup" : "Delivery"} · ${longZone(stop.zone, at)}`,
    ),
    h("strong", {}, near + placeName(stop) + zip),
    h("span", {}, longWindow(stop.window, stop.zone)),
  );
}

function facts(load: Load, names: Names): [string, string | null][] {
  const estimate = load.miles_estimated === "road" ? "by road, est." : "est., 1.3 × great circle";
  return [
    ["Equipment", `${names.long(load.equipment)}, ${load.full ? "full" : "partial"}`],
    ["Loaded miles", `${count(load.loaded_miles)}, ${estimate}`],
    ["Posted miles", load.posted_miles === null ? null : count(load.posted_miles)],
    ["Deadhead", load.distance_mi == null ? null : `${count(load.distance_mi)} mi to the pickup`],
    ["Weight", load.weight_lb === null ? "not given" : `${count(load.weight_lb)} lb`],
    ["Length", load.length_ft === null ? "not given" : `${count(load.length_ft)} ft`],
    ["Commodity", load.commodity ?? "not given"],
    ["Hazmat", load.hazmat ? "yes" : "no"],
    ["Shipper", load.organization.name],
    ["Reference", load.reference],
    ["Posted", ago(load.first_posted_at)],
    ["Confirmed", ago(load.confirmed_at)],
    [
      "Expires",
      load.expires_at &&
        longWindow({ from: load.expires_at, to: load.expires_at }, load.stops[0]?.zone ?? "UTC"),
    ],
    ["Status", load.status === "posted" ? null : load.status],
  ];
}

function price(load: Load): HTMLElement {
  const rate = load.rate_cents === null ? "Rate not given" : dollars(load.rate_cents);
  const each =
    load.rate_per_mile_cents === null
      ? null
      : h("span", { class: "quiet" }, `${perMile(load.rate_per_mile_cents)} per loaded mile`);
  return h("p", { class: "price" }, h("strong", {}, rate), each);
}

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

  async function act(change: () => Promise<Load>, said: string): Promise<void> {
    const refused = card.querySelector(".refused");
    refused?.remove();
    try {
      show((load = await change()));
      listeners.changed(load);
      listeners.say(said);
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      const stale = error.status === 412;
      const message = stale
        ? "Someone changed this load meanwhile. This is how it is now."
        : (error.errors[0]?.message ?? error.message);
      if (stale && load) show((load = await api.load(load.id)));
      card.append(h("p", { class: "refused", role: "alert" }, message));
    }
  }

  function rateForm(own: Load): HTMLFormElement {
    const value = own.rate_cents === null ? "" : own.rate_cents / 100;
    const input = h("input", {
      id: "new-rate",
      type: "number",
      min: 1,
      step: "0.01",
      value,
      inputmode: "decimal",
      placeholder: "none",
    });
    const form = h(
      "form",
      { class: "rate-form" },
      h("label", { for: "new-rate" }, "Rate, $"),
      input,
      h("button", {}, "Save rate"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const cents = input.value === "" ? null : Math.round(Number(input.value) * 100);
      void act(
        () => api.changeLoad(own.id, own.version, { rate_cents: cents }),
        "The rate is changed.",
      );
    });
    return form;
  }

  function cancelButtons(own: Load): HTMLElement {
    const place = h("span", { class: "cancelling" });
    const ask = button("Cancel load", { class: "danger" }, () => {
      place.replaceChildren("Take it off the board?", sure, keep);
      keep.focus();
    });
    const sure = button(
      "Yes, cancel it",
      { class: "danger" },
      () => void act(() => api.cancelLoad(own.id, own.version), "The load is cancelled."),
    );
    const keep = button("Keep it", {}, () => {
      place.replaceChildren(ask);
      ask.focus();
    });
    place.append(ask);
    return place;
  }

  function actions(shown: Load): HTMLElement {
    const whole = button("Show whole route", {}, () => listeners.fit(shown, route));
    const own =
      me.may.includes("load.post") && shown.organization.id === me.organization.id && shown.status === "posted";
    if (!own) return h("div", { class: "actions" }, whole);
    const confirm = button(
      "Confirm: still open",
      { class: "primary" },
      () => void act(() => api.confirmLoad(shown.id), "Confirmed as still open."),
    );
    return h("div", { class: "actions" }, confirm, rateForm(shown), whole, cancelButtons(shown));
  }

  function show(shown: Load): void {
    const close = button("×", { class: "close", "aria-label": "Close details" }, listeners.closed);
    const known = facts(shown, names).filter((fact): fact is [string, string] => fact[1] !== null);
    const measured = listeners.measured(shown);
    card.replaceChildren(
      h(
        "header",
        {},
        h(
          "h2",
          { id: "details-title" },
          lane(shown),
          shown.sample && h("span", { class: "badge" }, "Sample"),
        ),
        price(shown),
        close,
      ),
      ...(measured ? [measured] : []),
      h("ol", { class: "stops" }, ...shown.stops.map(stopItem)),
      h(
        "dl",
        {},
        ...known.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
      ),
      actions(shown),
    );
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
