import { h } from "./dom";
import { clock, count, day, first, last, loads, placeName, wholeDollars } from "./format";
import { type Scale, sumOf, termsBar, termsTable } from "./terms";
import type { Load, Match, Matches, Relaxation, Step } from "./types";
import { HERE, longZone } from "./zones";

/** Why a rule refused loads, and what its limit is called and measured in. */
const RULES: Record<string, { refused: string; limit: string; unit: string }> = {
  deadhead: { refused: "beyond the deadhead", limit: "max deadhead", unit: "mi" },
  equipment: { refused: "for other equipment", limit: "equipment", unit: "" },
  hazmat: { refused: "hazmat", limit: "hazmat", unit: "" },
  weight: { refused: "too heavy", limit: "weight", unit: "lb" },
  length: { refused: "too long", limit: "length", unit: "ft" },
  filters: { refused: "by filters", limit: "filters", unit: "" },
  destination: { refused: "going elsewhere", limit: "radius to go to", unit: "mi" },
  out_of_route: { refused: "too far out of route", limit: "out of route", unit: "mi" },
  pickup_window: { refused: "with a pickup too soon", limit: "pickup", unit: "h" },
  delivery_window: { refused: "with a delivery too soon", limit: "delivery", unit: "h" },
  home: { refused: "home too late", limit: "home", unit: "h" },
};

function rule(name: string): { refused: string; limit: string; unit: string } {
  const words = name.replaceAll("_", " ");
  return RULES[name] ?? { refused: `by ${words}`, limit: words, unit: "" };
}

function worthCell({ terms, worth_cents: cents }: Match): HTMLElement {
  const none = cents === null;
  const title = none ? "No rate is given: what it has to make up for" : "Worth, after all costs";
  const text = none ? `needs ${wholeDollars(-sumOf(terms))}` : wholeDollars(cents);
  return h("td", { role: "gridcell", class: none ? "worth none" : "worth", title }, text);
}

/** What a row of the list shows of a match, beside the load. */
export function matchCells(match: Match, scale: Scale): HTMLElement[] {
  return [
    worthCell(match),
    h("td", { role: "gridcell", class: "terms" }, termsBar(match, scale)),
    h("td", { role: "gridcell", class: "sentence" }, match.sentence),
  ];
}

function did({ kind, miles }: Step, load: Load, loaded: boolean): string {
  const way = miles === null ? "" : ` ${count(miles)} mi`;
  switch (kind) {
    case "drive":
      return `Drive${way} ${loaded ? "loaded" : "to the pickup"}`;
    case "load":
      return `Load at ${placeName(first(load))}`;
    case "unload":
      return `Unload at ${placeName(last(load))}`;
    case "break":
      return "Take a break of 30 minutes";
    case "rest":
      return "Rest 10 hours";
    case "restart":
      return "Restart the week: 34 hours off";
    case "wait":
      return "Wait";
  }
}

function lasted({ from, to }: Step): string {
  const minutes = Math.round((Date.parse(to) - Date.parse(from)) / 60_000);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return [hours && `${hours} h`, (rest || !hours) && `${rest} min`].filter(Boolean).join(" ");
}

/** The driver's hours as a timeline; a day is named where it begins. */
function timeline({ plan, load }: Match): HTMLElement {
  const pickedUp = plan.findIndex(({ kind }) => kind === "load");
  const steps = plan.map((step, i) => {
    const today = day(step.from, HERE);
    const previous = plan[i - 1];
    const newDay = !previous || day(previous.from, HERE) !== today;
    return h(
      "li",
      { "data-step": step.kind },
      h("time", { datetime: step.from }, newDay && h("b", {}, today), clock(step.from, HERE)),
      h("span", {}, did(step, load, i > pickedUp)),
      h("span", { class: "quiet" }, lasted(step)),
    );
  });
  return h(
    "section",
    { class: "plan" },
    h("h3", {}, `Plan, ${longZone(HERE)}`),
    h("ol", {}, ...steps),
  );
}

/** What the details show of a match: the sentence, the terms in dollars and the plan. */
export function matchDetails(match: Match): HTMLElement {
  return h(
    "div",
    { class: "match" },
    h("p", {}, match.sentence),
    termsTable(match),
    timeline(match),
  );
}

function relaxed({ rule: name, from, to, gains }: Relaxation): string {
  const { limit, unit } = rule(name);
  const figure = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 1 });
  const change = `${figure(to)} ${unit}`.trim();
  return `With ${limit} ${change} instead of ${figure(from)}: ${loads(gains)} more.`;
}

/** Why the other loads are not in the list, and what would bring more of them. */
export function refusedWords({ refused, relax }: Matches): string {
  const counts = Object.entries(refused).filter(([, n]) => n > 0);
  const left = counts.map(([name, n]) => `${count(n)} ${rule(name).refused}`).join(", ");
  return [left && `Left out: ${left}.`, relax && relaxed(relax)].filter(Boolean).join(" ");
}
