import type { Answer } from "./asking";
import { button, byId, h } from "./dom";
import { count, loads as loadsText } from "./format";
import type { LoadList, Measured } from "./list";
import { matchCells, matchDetails, refusedWords } from "./matches";
import { type State, tripOf } from "./state";
import { scaleOf, termsLegend } from "./terms";
import type { Load } from "./types";
import { searchWords, truckWords } from "./words";

interface Actions {
  clear: () => void;
  showCountry: () => void;
  changeTruck: () => void;
}

function measuredIn({ matches }: Answer, { filters }: State): Measured {
  if (matches) return "worth";
  if (tripOf(filters)) return "out";
  return filters.pickup.kind === "near" ? "deadhead" : "nothing";
}

async function words(answer: Answer, { truck, filters }: State, long: (code: string) => string) {
  const { total, items, along } = answer;
  if (truck) {
    const best = total === 1 ? "The best load" : `${count(total)} best loads`;
    return `${best} ${await truckWords(truck, long(truck.equipment))}`;
  }
  const shown = items.length < total ? `, ${count(items.length)} listed` : "";
  return `${loadsText(total)} ${await searchWords(filters, along?.trip_mi ?? null)}${shown}`;
}

function emptyWords(truck: boolean, { clear, showCountry, changeTruck }: Actions): HTMLElement[] {
  if (truck)
    return [
      h("p", {}, h("strong", {}, "No open load passes for this truck.")),
      button("Change truck", {}, changeTruck),
    ];
  return [
    h("p", {}, h("strong", {}, "No open loads match.")),
    h("p", {}, "Zoom out, widen the radius or the dates, or take a filter away."),
    button("Clear filters", {}, clear),
    button("Show the whole country", {}, showCountry),
  ];
}

/** Puts an answer into the list and what stands around it: the count, the legend, what was refused. */
export function resultsIn(
  list: LoadList,
  names: { long: (code: string) => string },
  actions: Actions,
): (answer: Answer, state: State) => void {
  let latest: Answer;

  async function tell(answer: Answer, state: State): Promise<void> {
    const text = await words(answer, state, names.long);
    if (answer !== latest) return;
    if (byId("count").textContent !== text) byId("count").textContent = text;
    document.title = `${loadsText(answer.total)} · Load board`;
  }

  return (answer, state) => {
    latest = answer;
    const { matches, items, total } = answer;
    const ranked = matches?.items ?? [];
    const [byLoad, scale] = [new Map(ranked.map((one) => [one.load.id, one])), scaleOf(ranked)];
    list.show(items, measuredIn(answer, state), ({ id }) => {
      const match = byLoad.get(id);
      return match ? matchCells(match, scale) : [];
    });
    byId("more-loads").hidden = answer.next_cursor === null;
    byId("loads").hidden = total === 0;
    byId("empty").hidden = total > 0;
    byId("empty").replaceChildren(...emptyWords(matches !== null, actions));
    byId("terms-legend").replaceChildren(...termsLegend(ranked));
    byId("terms-legend").hidden = !ranked.length;
    byId("refused").textContent = matches ? refusedWords(matches) : "";
    void tell(answer, state);
  };
}

function alongWords(load: Load, tripMiles: number): string | null {
  if (load.out_of_route_mi == null || !load.along_mi) return null;
  const [pickup, delivery] = load.along_mi.map(count);
  const ends = `picked up at mile ${pickup}, delivered at mile ${delivery}`;
  return `${count(load.out_of_route_mi)} mi out of route; ${ends} of your ${count(tripMiles)}.`;
}

/** What an answer says of one of its loads beyond the load: where along the road, or what it is worth. */
export function measuredOf({ matches, along }: Answer, load: Load): HTMLElement | null {
  const match = matches?.items.find((one) => one.load.id === load.id);
  if (match) return matchDetails(match);
  const text = along && alongWords(load, along.trip_mi);
  return text ? h("p", { class: "along" }, text) : null;
}
