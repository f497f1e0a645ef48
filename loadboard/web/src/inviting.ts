import { tell } from "./dialog";
import type { NewInvitation } from "./directory";
import { button, h } from "./dom";
import { day } from "./format";
import { HERE } from "./zones";

/** Something that is shown this once, with a button that copies it. */
export function onceShown(text: string): HTMLElement {
  const copy = button("Copy", {}, async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "Copied";
  });
  // Browsers have no clipboard where the page is not served securely; the text can be selected.
  copy.hidden = navigator.clipboard === undefined;
  return h("div", { class: "once" }, h("output", {}, text), copy);
}

/** The link of an invitation, to be handed on: nothing is sent from here. */
export function showInvitation({ email, token, expires_at: until }: NewInvitation): void {
  tell(
    `Invitation for ${email}`,
    h(
      "p",
      {},
      `Hand this link on. It is shown this once, is good once, and ends on ${day(until, HERE)}.`,
    ),
    onceShown(`${location.origin}/#invitation=${encodeURIComponent(token)}`),
  );
}
