import { h } from "./dom";
import { clock, count, day, first, last, placeName, wholeDollars } from "./format";
import { type Scale, sumOf, termsBar, termsTable } from "./terms";
import type { Load, Match, Matches, Relaxation, Step } from "./types";
import { HERE, longZone } from "./zones";

/** What is wrong with the loads that a rule refuses. */
const REFUSED: Record<string, string> = {
  deadhead: "too far from the truck",
  equipment: "for other equipment",
  hazmat: "hazmat",
  weight: "too heavy",
  length: "too long",
  filters: "by filters",
  destination: "going elsewhere",
  out_of_route: "too far out of route",
  pickup_window: "too late for the pickup",
  delivery_window: "too late for the delivery",
  home: "too late to be home",
};

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
  switch (kind) {
    case "drive":
      return `Drive ${count(miles)} mi ${loaded ? "loaded" : "to the pickup"}`;
    case "load":
      return `Load at ${placeName(first(load))}`;
    case "unload":
      return `Unload at ${placeName(last(load))}`;
    case "break":
      return "Break";
    case "rest":
      return "Rest, off duty";
    case "restart":
      return "Restart of the week, off duty";
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

const inWords = (rule: string): string => rule.replaceAll("_", " ");

function relaxed({ rule, from, to, gains }: Relaxation): string {
  const figure = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 1 });
  const [least, now] = [figure(to), figure(from)];
  const change =
    rule === "deadhead" ? `up to ${least} mi of deadhead` : `${inWords(rule)} up to ${least}`;
  return `With ${change} instead of ${now}, ${count(gains)} more loads would be here.`;
}

/** Why the other loads are not in the list, and what would bring more of them. */
export function refusedWords({ refused, relax }: Matches): string {
  const counts = Object.entries(refused).filter(([, n]) => n > 0);
  const left = counts.map(([rule, n]) => `${count(n)} ${REFUSED[rule] ?? inWords(rule)}`);
  const parts = [left.length && `Left out: ${left.join(", ")}.`, relax && relaxed(relax)];
  return parts.filter(Boolean).join(" ");
}
