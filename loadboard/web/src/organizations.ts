import { browse } from "./browse";
import { ask } from "./dialog";
import * as directory from "./directory";
import { button, debounce, h } from "./dom";
import { choices, field } from "./fields";
import { ago } from "./format";
import { showInvitation } from "./inviting";
import { doing, say } from "./notice";
import { actionRow, chip, facts, section } from "./pane";
import type { Context, Shown, View } from "./views";

type Organization = directory.Organization;

const KINDS = [
  ["carrier", "Carrier"],
  ["shipper", "Shipper"],
  ["broker", "Broker"],
] as const;
const AUTHORITIES = [
  ["unknown", "Unknown"],
  ["active", "Active"],
  ["inactive", "Inactive"],
] as const;

const dated = (date: string) =>
  new Date(date).toLocaleDateString("en-US", { timeZone: "UTC", dateStyle: "medium" });

function standing({ suspended, kind, authority, insured_until: until }: Organization): HTMLElement {
  if (suspended) return chip("suspended");
  if (kind !== "carrier") return chip("active");
  if (authority !== "active") return chip("inactive", `authority ${authority}`);
  const lapsed = until === null || until < new Date().toISOString().slice(0, 10);
  return lapsed ? chip("lapsed", "no insurance") : chip("active");
}

const numberInput = (value: string | null = null) =>
  h("input", { inputmode: "numeric", pattern: "[1-9][0-9]{0,7}", maxlength: 8, value });

function askToMake(made: (organization: Organization) => void): void {
  const name = h("input", { required: true, maxlength: 100 });
  const kind = choices(KINDS, "carrier");
  const [usdot, mc] = [numberInput(), numberInput()];
  const owner = h("input", { type: "email", required: true, maxlength: 254 });
  ask({
    title: "New organisation",
    body: [
      h("div", { class: "pair" }, field("Name", name, "/name"), field("Kind", kind, "/kind")),
      h(
        "div",
        { class: "pair" },
        field("USDOT number", usdot, "/usdot"),
        field("MC number", mc, "/mc"),
      ),
      field("E-mail of its first owner, who is invited", owner, "/owner_email"),
    ],
    submit: "Make organisation",
    act: async (_, intent) => {
      const body = {
        name: name.value.trim(),
        kind: kind.value,
        usdot: usdot.value || null,
        mc: mc.value || null,
        owner_email: owner.value.trim(),
      };
      const { organization, invitation } = await directory.makeOrganization(body, intent);
      made(organization);
      showInvitation(invitation);
    },
  });
}

function askForStanding(one: Organization, changed: (organization: Organization) => void): void {
  const authority = choices(AUTHORITIES, one.authority);
  const until = h("input", { type: "date", value: one.insured_until });
  const [usdot, mc] = [numberInput(one.usdot), numberInput(one.mc)];
  ask({
    title: `${one.name}: authority and insurance`,
    body: [
      h(
        "div",
        { class: "pair" },
        field("Operating authority", authority, "/authority"),
        field("Insured until", until, "/insured_until"),
      ),
      h(
        "div",
        { class: "pair" },
        field("USDOT number", usdot, "/usdot"),
        field("MC number", mc, "/mc"),
      ),
    ],
    submit: "Save",
    act: async () => {
      const body = {
        authority: authority.value,
        insured_until: until.value || null,
        usdot: usdot.value || null,
        mc: mc.value || null,
      };
      changed(await directory.changeOrganization(one, body));
    },
  });
}

function askToSuspend(one: Organization, changed: (organization: Organization) => void): void {
  ask({
    title: `Suspend ${one.name}?`,
    body: [h("p", {}, "Its people and keys are refused at once, and nobody else sees its loads.")],
    submit: "Suspend",
    danger: true,
    act: async () => changed(await directory.changeOrganization(one, { suspended: true })),
  });
}

function peopleSection(id: number): HTMLElement {
  const list = h("ul", { class: "plain" });
  void directory
    .peopleOf(id)
    .then(
      ({ items }) =>
        list.replaceChildren(
          ...items.map(({ name, email, role, disabled }) =>
            h(
              "li",
              {},
              h("strong", {}, name ?? email),
              h("span", { class: "quiet" }, `${name ? `${email}, ` : ""}${role}`),
              disabled && h("span", { class: "end quiet" }, "disabled"),
            ),
          ),
        ),
      say,
    );
  return section("People", list);
}

function showOrganizations(context: Context): Shown {
  const changed = (one: Organization) => view.show(one);
  const canManage = context.me.may.includes("organization.manage");
  const q = h("input", {
    type: "search",
    "aria-label": "Search organisations by name or number",
    placeholder: "Name, USDOT or MC number",
    maxlength: 100,
  });
  q.addEventListener(
    "input",
    debounce(() => view.refresh(), 200),
  );
  const create = button("New organisation…", { class: "primary end" }, () => askToMake(changed));

  function actions(one: Organization): HTMLElement[] {
    const restore = async () =>
      changed(await directory.changeOrganization(one, { suspended: false }));
    const suspend = one.suspended
      ? doing("Lift the suspension", {}, restore)
      : button("Suspend…", { class: "danger" }, () => askToSuspend(one, changed));
    const verify = button("Authority and insurance…", { class: "primary" }, () =>
      askForStanding(one, changed),
    );
    return one.kind === "operator" ? [verify] : [verify, suspend];
  }

  const view = browse<Organization>(context, {
    title: "Organisations",
    empty: "No such organisation.",
    columns: [
      { name: "title", title: "Name", cell: ({ name }) => name },
      { name: "status", title: "Standing", cell: standing },
      { name: "kind", title: "Kind", cell: ({ kind }) => kind },
      { name: "usdot", title: "USDOT", number: true, cell: ({ usdot }) => usdot ?? "—" },
      { name: "mc", title: "MC", number: true, cell: ({ mc }) => mc ?? "—" },
      {
        name: "insured",
        title: "Insured until",
        number: true,
        cell: ({ insured_until: until }) => (until ? dated(until) : "—"),
      },
      { name: "age", title: "Since", number: true, cell: (one) => ago(one.created_at) },
    ],
    tools: [q, canManage && create],
    page: (_, cursor) => directory.organizations(q.value.trim(), cursor),
    one: directory.organization,
    heading: ({ name }) => name,
    sheet: (one) => [
      h("p", {}, standing(one)),
      // Its ETag comes with a look at it alone.
      canManage && one.etag !== undefined && actionRow(...actions(one)),
      facts([
        ["Kind", one.kind],
        ["Number here", `no. ${one.id}`],
        ["USDOT", one.usdot],
        ["MC", one.mc],
        ["Authority", one.authority],
        ["Insured until", one.insured_until && dated(one.insured_until)],
      ]),
      peopleSection(one.id),
    ],
  });
  return view;
}

export const organizationsView: View = {
  name: "organizations",
  title: "Organisations",
  action: "organization.read",
  show: showOrganizations,
};
