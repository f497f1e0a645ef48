import { button, type Child, h } from "./dom";
import { refuseIn } from "./fields";
import { type Intent, intent, Problem } from "./http";

interface Question {
  title: string;
  body: Child[];
  submit: string;
  danger?: boolean;
  /** Does what is asked; what it throws of the service is said in the dialog, which stays. */
  act(form: HTMLFormElement, intent: Intent): Promise<void>;
}

let made = 0;

/** Asks in a dialog, and closes it once that is done. */
export function ask({ title, body, submit, danger = false, act }: Question): HTMLDialogElement {
  const id = `dialog-${++made}`;
  const problem = h("p", { class: "refused", role: "alert" });
  const does = h("button", { class: danger ? "primary danger" : "primary" }, submit);
  const close = () => dialog.close();
  const form = h(
    "form",
    {},
    h(
      "header",
      {},
      h("h2", { id }, title),
      button("×", { class: "close", "aria-label": "Close" }, close),
    ),
    ...body,
    problem,
    h("footer", {}, button("Cancel", {}, close), does),
  );
  const dialog = h("dialog", { "aria-labelledby": id, class: "ask" }, form);
  const meant = intent();

  async function send(): Promise<void> {
    problem.textContent = "";
    does.disabled = true;
    try {
      await act(form, meant);
      close();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      refuseIn(form, problem, error.errors, error.message);
    } finally {
      does.disabled = false;
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector<HTMLElement>(".field :is(input, select, textarea)")?.focus();
  return dialog;
}

/** Something to read or copy, once. */
export function tell(title: string, ...body: Child[]): HTMLDialogElement {
  const dialog = ask({ title, body, submit: "Done", act: async () => {} });
  dialog.querySelector("footer button")?.remove();
  return dialog;
}
