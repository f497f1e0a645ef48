import { ask, tell } from "./dialog";
import { button, h } from "./dom";
import { field } from "./fields";
import { post } from "./http";
import { notice } from "./notice";
import { facts } from "./pane";
import { isKept, keep } from "./session";
import type { Me } from "./types";

type Tokens = Parameters<typeof keep>[0];

function askForPassword(email: string): void {
  // For those who keep passwords, to know whose this is.
  const whose = h("input", { autocomplete: "username", value: email, hidden: true });
  const present = h("input", {
    type: "password",
    required: true,
    autocomplete: "current-password",
  });
  const next = h("input", {
    type: "password",
    required: true,
    minlength: 12,
    autocomplete: "new-password",
  });
  ask({
    title: "Change password",
    body: [
      whose,
      field("Present password", present, "/password"),
      field("New password, 12 characters or more", next, "/new_password"),
      h("p", { class: "hint" }, "Wherever else you are signed in, that ends."),
    ],
    submit: "Change password",
    act: async (_, intent) => {
      const body = { password: present.value, new_password: next.value };
      const tokens = await post<Tokens>("/me/password", body, { intent });
      if (isKept()) keep(tokens);
      notice("The password is changed.");
    },
  });
}

/** Who is signed in, and the password. */
export function showAccount(me: Me): void {
  const change = button("Change password…", {}, () => {
    dialog.close();
    askForPassword(me.email ?? "");
  });
  const dialog = tell(
    me.organization.name,
    facts([
      ["E-mail", me.email],
      ["Role", me.role],
      ["Organisation", `${me.organization.kind}, no. ${me.organization.id} here`],
    ]),
    h("p", {}, change),
  );
}
