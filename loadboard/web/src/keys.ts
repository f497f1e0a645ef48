import { type Browser, browse } from "./browse";
import { ask, tell } from "./dialog";
import * as directory from "./directory";
import { type Child, button, h } from "./dom";
import { choices, field } from "./fields";
import { ago, day } from "./format";
import { onceShown } from "./inviting";
import { actionRow, chip, facts } from "./pane";
import type { Context } from "./views";
import { HERE } from "./zones";

const DAYS = [
  ["30", "30 days"],
  ["90", "90 days"],
  ["366", "a year"],
] as const;

export const SCOPES = [
  "loads:read",
  "loads:write",
  "trucks:read",
  "trucks:write",
  "offers:read",
  "offers:write",
  "bookings:read",
  "bookings:write",
  "networks:write",
  "people:read",
];

function status({ revoked_at: revoked, expires_at: until }: directory.Key): HTMLElement {
  if (revoked) return chip("inactive", "revoked");
  return Date.parse(until) < Date.now() ? chip("lapsed", "ended") : chip("active");
}

function askForKey(roles: readonly (readonly [string, string])[], made: () => void): void {
  const name = h("input", {
    required: true,
    maxlength: 100,
    placeholder: "Transport management system",
  });
  const role = choices(roles, "dispatcher");
  const days = choices(DAYS, "90");
  const boxes = SCOPES.map((scope) => h("input", { type: "checkbox", value: scope }));
  const ticks = boxes.map((box, i) => h("label", { class: "tick" }, box, SCOPES[i]));
  const scopes = h(
    "fieldset",
    { class: "scopes field", "data-pointer": "/scopes" },
    h("legend", {}, "It may"),
    ...ticks,
  );
  ask({
    title: "New API key",
    body: [
      field("Name", name, "/name"),
      h(
        "div",
        { class: "pair" },
        field("Acts as", role, "/role"),
        field("Good for", days, "/days"),
      ),
      scopes,
    ],
    submit: "Make key",
    act: async (_, intent) => {
      const body = {
        name: name.value.trim(),
        role: role.value,
        days: Number(days.value),
        scopes: boxes.filter((box) => box.checked).map((box) => box.value),
      };
      const { key } = await directory.makeKey(body, intent);
      made();
      tell(
        `Key ${body.name}`,
        h("p", {}, "This is shown this once. Keep it like a password."),
        onceShown(key),
      );
    },
  });
}

/** The keys with which machines act for this organisation. */
export function browseKeys(
  context: Context,
  tools: Child[],
  roles: readonly (readonly [string, string])[],
): Browser<directory.Key> {
  const create = button("New API key…", { class: "end" }, () =>
    askForKey(roles, () => view.refresh()),
  );
  const view = browse<directory.Key>(context, {
    title: "People",
    empty: "No API keys. Make one for a machine that posts or searches for you.",
    columns: [
      { name: "title", title: "Name", cell: ({ name }) => name },
      { name: "status", title: "Status", cell: status },
      { name: "prefix", title: "Begins with", cell: ({ prefix }) => prefix },
      { name: "role", title: "Acts as", cell: ({ role }) => role },
      {
        name: "used",
        title: "Last used",
        number: true,
        cell: (key) => (key.last_used_at ? ago(key.last_used_at) : "never"),
      },
      { name: "until", title: "Until", number: true, cell: (key) => day(key.expires_at, HERE) },
    ],
    tools: [...tools, create],
    page: (_, cursor) => directory.keys(cursor),
    heading: ({ name }) => name,
    sheet: (key) => [
      h("p", {}, status(key)),
      key.revoked_at === null &&
        actionRow(
          button("Revoke…", { class: "danger" }, () =>
            ask({
              title: `Revoke ${key.name}?`,
              body: [h("p", {}, "Whatever uses it is refused at once.")],
              submit: "Revoke key",
              danger: true,
              act: async () => view.show(await directory.revokeKey(key.id)),
            }),
          ),
        ),
      facts([
        ["Acts as", key.role],
        ["Begins with", key.prefix],
        ["It may", key.scopes.join(", ")],
        ["Until", day(key.expires_at, HERE)],
      ]),
    ],
  });
  return view;
}
