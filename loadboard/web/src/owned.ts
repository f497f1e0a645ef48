import * as api from "./api";
import { ask } from "./dialog";
import { button, h } from "./dom";
import { centsOf, choices, field, money } from "./fields";
import { lane } from "./format";
import { doing } from "./notice";
import type { Load } from "./types";

const CANCEL_REASONS = [
  ["no_longer_needed", "No longer needed"],
  ["covered_elsewhere", "Covered elsewhere"],
  ["posted_in_error", "Posted in error"],
  ["other", "Another reason"],
] as const;

interface Listeners {
  changed: (load: Load, said: string) => void;
  edit: (load: Load) => void;
}

function rateForm(load: Load, changed: Listeners["changed"]): HTMLFormElement {
  const input = money(load.rate_cents, { id: "new-rate", placeholder: "none" });
  const refused = h("span", { class: "refused", role: "alert" });
  const form = h(
    "form",
    { class: "rate-form" },
    h("label", { for: "new-rate" }, "Rate, $"),
    input,
    h("button", {}, "Save rate"),
    refused,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const body = { rate_cents: centsOf(input) };
      changed(await api.changeLoad(load.id, load.version, body), "The rate is changed.");
    } catch (error) {
      if (!(error instanceof api.Problem)) throw error;
      refused.textContent = error.errors[0]?.message ?? error.message;
    }
  });
  return form;
}

function askToCancel(load: Load, changed: Listeners["changed"]): void {
  const reason = choices(CANCEL_REASONS, "no_longer_needed");
  ask({
    title: "Take this load off the board?",
    body: [
      h("p", {}, `${load.reference}: ${lane(load)}. A load that is cancelled is not opened again.`),
      field("Reason", reason, "/reason"),
    ],
    submit: "Cancel load",
    danger: true,
    act: async () => {
      const body = { reason: reason.value };
      changed(await api.cancelLoad(load.id, load.version, body), "The load is cancelled.");
    },
  });
}

/** What a poster can do with a load that is open. */
export function ownActions(load: Load, { changed, edit }: Listeners): HTMLElement[] {
  return [
    doing("Confirm: still open", { class: "primary" }, async () =>
      changed(await api.confirmLoad(load.id), "Confirmed as still open."),
    ),
    rateForm(load, changed),
    button("Change…", {}, () => edit(load)),
    button("Cancel load…", { class: "danger" }, () => askToCancel(load, changed)),
  ];
}
