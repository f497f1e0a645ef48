import { byId, h } from "./dom";
import { palette, RATE_STEPS, whenThemeChanges } from "./palette";

function swatch(colour: string, text: string): HTMLLIElement {
  const box = h("i");
  box.style.background = colour;
  return h("li", {}, box, text);
}

/** From 1.75 on, where the colour begins; below the first step there is no beginning. */
function words(index: number, last: number): string {
  const from = ((RATE_STEPS[Math.max(0, index - 1)] as number) / 100).toFixed(2);
  if (index === 0) return `< ${from}`;
  return index === last ? `${from} +` : from;
}

function show(): void {
  const { rates, unknown } = palette();
  const steps = rates.map((colour, i) => swatch(colour, words(i, rates.length - 1)));
  byId("legend").replaceChildren(
    h("strong", {}, "Median $ per mile"),
    h("ul", {}, ...steps, swatch(unknown, "no rate")),
  );
}

export function showLegend(): void {
  show();
  whenThemeChanges(show);
}
