import * as api from "./api";
import { h } from "./dom";
import { ago, count, dollars } from "./format";
import { section } from "./pane";
import type { Load } from "./types";

const FLAGS: Record<string, string> = {
  duplicate: "The same freight is on the board more than once.",
  reposted: "Freight like this was booked here already, and is posted again.",
};

/** What is odd about a posting. */
export const flagWords = (load: Load): HTMLElement[] =>
  (load.flags ?? []).map((flag) => h("p", { class: "warn" }, FLAGS[flag] ?? flag));

/** How the poster's postings ended, so that a carrier knows what a call is worth. */
export function recordWords({ record }: Load): string | null {
  if (!record) return null;
  if (!record.posted) return "first postings here";
  const days = `${count(record.posted)} posted in 90 days`;
  const parts = [
    `${count(record.booked_here)} booked here`,
    record.cancelled_or_elsewhere && `${count(record.cancelled_or_elsewhere)} taken off`,
    record.expired_unconfirmed && `${count(record.expired_unconfirmed)} left to expire`,
  ].filter(Boolean);
  return `${days}: ${parts.join(", ")}`;
}

function change(cents: number | null, before: number | null): string | null {
  if (cents === null || before === null) return null;
  const by = cents - before;
  return `${by > 0 ? "+" : "−"}${dollars(Math.abs(by))}`;
}

/** What the load was posted at from time to time; nothing where the price never changed. */
export async function priceHistory(load: Load): Promise<HTMLElement | null> {
  const versions = await api.history(load.id).catch(() => []);
  const priced = versions.filter(
    (one, i) => i === 0 || one.rate_cents !== versions[i - 1]?.rate_cents,
  );
  if (priced.length < 2) return null;
  const items = priced.map(({ rate_cents: cents, at }, i) =>
    h(
      "li",
      {},
      h("strong", {}, cents === null ? "no rate" : dollars(cents)),
      i > 0 && h("span", { class: "quiet" }, change(cents, priced[i - 1]?.rate_cents ?? null)),
      h("span", { class: "quiet end" }, ago(at)),
    ),
  );
  return section("Price history", h("ol", { class: "rounds" }, ...items.reverse()));
}
