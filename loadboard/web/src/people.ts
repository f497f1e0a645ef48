import { type Browser, browse } from "./browse";
import { ask } from "./dialog";
import * as directory from "./directory";
import { type Child, button, h } from "./dom";
import { choices, field } from "./fields";
import { ago, day } from "./format";
import { showInvitation } from "./inviting";
import { browseKeys } from "./keys";
import { doing, notice } from "./notice";
import { actionRow, chip, facts, tabs } from "./pane";
import type { Context, Shown, View } from "./views";
import { HERE } from "./zones";

const ROLES = [
  ["owner", "Owner"],
  ["dispatcher", "Dispatcher"],
  ["driver", "Driver"],
  ["accountant", "Accountant"],
  ["viewer", "Viewer"],
] as const;
const STAFF = [["staff", "Staff"]] as const;

type Person = directory.Person;
const status = ({ disabled }: Person) => (disabled ? chip("inactive", "disabled") : chip("active"));

const rolesOf = ({ me }: Context): readonly (readonly [string, string])[] =>
  me.organization.kind === "operator" ? STAFF : ROLES;

function askToInvite(context: Context, done: () => void): void {
  const email = h("input", { type: "email", required: true, maxlength: 254 });
  const role = choices(rolesOf(context), "dispatcher");
  ask({
    title: "Invite somebody",
    body: [field("E-mail", email, "/email"), field("Role", role, "/role")],
    submit: "Make invitation",
    act: async (_, intent) => {
      const invitation = await directory.invite(email.value.trim(), role.value, intent);
      done();
      showInvitation(invitation);
    },
  });
}

function askToChange(context: Context, one: Person, changed: (person: Person) => void): void {
  const name = h("input", { value: one.name, maxlength: 100 });
  const role = choices(rolesOf(context), one.role);
  ask({
    title: one.email,
    body: [field("Name", name, "/name"), field("Role", role, "/role")],
    submit: "Save",
    act: async () => {
      const body = { role: role.value, ...(name.value.trim() ? { name: name.value.trim() } : {}) };
      changed(await directory.changePerson(one, body));
    },
  });
}

function askToDisable(one: Person, changed: (person: Person) => void): void {
  ask({
    title: `${one.disabled ? "Let" : "Disable"} ${one.email}${one.disabled ? " in again" : ""}?`,
    body: [
      one.disabled
        ? h("p", {}, "They can sign in again, with the same password.")
        : h("p", {}, "They are signed out everywhere at once, and can't sign in."),
    ],
    submit: one.disabled ? "Let in" : "Disable",
    danger: !one.disabled,
    act: async () => changed(await directory.changePerson(one, { disabled: !one.disabled })),
  });
}

function browsePeople(context: Context, tools: Child[]): Browser<Person> {
  const { may } = context.me;
  const changed = (one: Person) => view.show(one);
  const view = browse<Person>(context, {
    title: "People",
    empty: "Nobody here.",
    columns: [
      { name: "title", title: "Name", cell: ({ name, email }) => name ?? email },
      { name: "email", title: "E-mail", cell: ({ email }) => email },
      { name: "role", title: "Role", cell: ({ role }) => role },
      { name: "status", title: "Status", cell: status },
      { name: "age", title: "Since", number: true, cell: (one) => ago(one.created_at) },
    ],
    tools,
    page: (_, cursor) => directory.people(cursor),
    one: directory.person,
    heading: ({ name, email }) => name ?? email,
    sheet: (one) => [
      h("p", {}, status(one)),
      may.includes("person.manage") &&
        one.etag !== undefined &&
        actionRow(
          button("Change…", { class: "primary" }, () => askToChange(context, one, changed)),
          button(
            one.disabled ? "Let in again…" : "Disable…",
            { class: one.disabled ? "" : "danger" },
            () => askToDisable(one, changed),
          ),
        ),
      facts([
        ["E-mail", one.email],
        ["Role", one.role],
      ]),
    ],
  });
  return view;
}

function browseInvitations(context: Context, tools: Child[]): Browser<directory.Invitation> {
  const view = browse<directory.Invitation>(context, {
    title: "People",
    empty: "No invitations are open.",
    columns: [
      { name: "title", title: "E-mail", cell: ({ email }) => email },
      { name: "role", title: "Role", cell: ({ role }) => role },
      { name: "until", title: "Until", number: true, cell: (one) => day(one.expires_at, HERE) },
    ],
    tools,
    page: (_, cursor) => directory.invitations(cursor),
    heading: ({ email }) => email,
    sheet: ({ id, role, email }) => [
      h("p", {}, `Invited as ${role}. The link was shown when the invitation was made.`),
      actionRow(
        doing("Take it back", { class: "danger" }, async () => {
          await directory.withdraw(id);
          notice(`The invitation of ${email} is taken back.`);
          view.close();
        }),
      ),
    ],
  });
  return view;
}

type Part = "people" | "invitations" | "keys";

function showPeople(context: Context): Shown {
  const { may } = context.me;
  const parts: [Part, string][] = [["people", "People"]];
  if (may.includes("person.manage")) parts.push(["invitations", "Invited"]);
  if (may.includes("key.manage")) parts.push(["keys", "API keys"]);
  let shown: Shown;

  function show(part: Part, at: Context): void {
    const choice =
      parts.length > 1
        ? tabs("Which of People", parts, part, (to) => show(to as Part, { ...at, item: null }))
        : null;
    const invite = button("Invite…", { class: "primary end" }, () =>
      askToInvite(context, () => show("invitations", { ...at, item: null })),
    );
    const tools = [choice, may.includes("person.manage") && part !== "keys" && invite];
    if (part === "people") shown = browsePeople(at, tools);
    else if (part === "invitations") shown = browseInvitations(at, tools);
    else shown = browseKeys(at, tools, rolesOf(at));
  }

  show("people", context);
  return { refresh: () => shown.refresh() };
}

export const peopleView: View = {
  name: "people",
  title: "People",
  action: "person.read",
  show: showPeople,
};
