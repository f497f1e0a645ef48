import { h } from "./dom";
import { count, dollars } from "./format";
import type { Match, Term } from "./types";

const NAMES: Record<string, string> = {
  rate: "Rate",
  next_load: "Next load",
  deadhead: "Deadhead",
  loaded: "Loaded",
  out_of_route: "Out of route",
  driving: "Driving",
  waiting: "Waiting",
  resting: "Resting",
  payment: "Payment",
};

const ORDER = Object.keys(NAMES);

const termName = (name: string): string => NAMES[name] ?? name.replaceAll("_", " ");

const sum = (terms: Term[], sign: 1 | -1): number =>
  terms.reduce((total, { cents }) => total + Math.max(0, sign * cents), 0);

export const sumOf = (terms: Term[]): number => sum(terms, 1) - sum(terms, -1);

/** How many cents the longest bar reaches on each side of zero, so that all bars compare. */
export interface Scale {
  costs: number;
  gains: number;
}

export const scaleOf = (matches: Match[]): Scale => ({
  costs: Math.max(1, ...matches.map(({ terms }) => sum(terms, -1))),
  gains: Math.max(1, ...matches.map(({ terms }) => sum(terms, 1))),
});

const real = (terms: Term[]): Term[] => terms.filter(({ cents }) => cents !== 0);

function quantity({ quantity: n, unit }: Term): string {
  if (unit === "load") return "";
  if (unit === "loads") return `median of ${count(n)} loads`;
  const figure = n.toLocaleString("en-US", { maximumFractionDigits: 1 });
  return unit === "%" ? `${figure}%` : `${figure} ${unit}`;
}

function side(terms: Term[], sign: 1 | -1, whole: number): HTMLElement {
  const parts = terms.filter(({ cents }) => sign * cents > 0);
  return h(
    "span",
    { class: sign > 0 ? "gains" : "costs" },
    ...parts.map((term) => {
      const part = h("i", {
        "data-term": term.name,
        title: `${termName(term.name)} ${dollars(term.cents)}`,
      });
      part.style.width = `${(100 * Math.abs(term.cents)) / whole}%`;
      return part;
    }),
  );
}

/** The terms as a bar: what a load brings to the right of the zero line, what it costs to the left. */
export function termsBar({ terms }: Match, scale: Scale): HTMLElement {
  const words = real(terms).map(({ name, cents }) => `${termName(name)} ${dollars(cents)}`);
  const bar = h(
    "div",
    { class: "terms-bar", role: "img", "aria-label": words.join(", ") },
    side(terms, -1, scale.costs),
    side(terms, 1, scale.gains),
  );
  bar.style.gridTemplateColumns = `${scale.costs}fr ${scale.gains}fr`;
  return bar;
}

const swatch = (name: string) => h("i", { "data-term": name });

/** Which colour stands for which term, of those that any bar shows. */
export function termsLegend(matches: Match[]): HTMLElement[] {
  const shown = new Set(matches.flatMap(({ terms }) => real(terms).map(({ name }) => name)));
  const ordered = [...shown].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
  return ordered.map((name) => h("li", {}, swatch(name), termName(name)));
}

export function termsTable({ terms, worth_cents }: Match): HTMLElement {
  const rows = real(terms).map((term) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, swatch(term.name), termName(term.name)),
      h("td", { class: "quiet number" }, quantity(term)),
      h("td", { class: "number" }, dollars(term.cents)),
    ),
  );
  const [name, total] =
    worth_cents === null
      ? ["To be made up for by the rate", -sumOf(terms)]
      : ["Worth", worth_cents];
  return h(
    "table",
    { class: "terms" },
    h("caption", {}, "What it is worth"),
    ...rows,
    h(
      "tr",
      { class: "total" },
      h("th", { scope: "row", colspan: 2 }, name),
      h("td", { class: "number" }, dollars(total)),
    ),
  );
}
