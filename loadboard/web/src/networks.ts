import { browse } from "./browse";
import { ask } from "./dialog";
import { button, h } from "./dom";
import { field } from "./fields";
import { ago, count } from "./format";
import { doing, notice, say } from "./notice";
import { actionRow, section } from "./pane";
import * as partners from "./partners";
import type { Context, Shown, View } from "./views";

const nameField = (value = "") => h("input", { required: true, maxlength: 100, value });
const partnerInput = () => h("input", { required: true, placeholder: "USDOT number, or no. 12" });

/** Asks which organisation is meant; said of all the places that name one. */
export function askForPartner(
  title: string,
  submit: string,
  act: (said: string, intent: Parameters<typeof partners.block>[1]) => Promise<void>,
): void {
  const input = partnerInput();
  const hint = h("p", { class: "hint" }, "Its USDOT number, or its number here: no. 12.");
  ask({
    title,
    body: [field("Organisation", input, "/usdot", hint)],
    submit,
    act: (_, intent) => act(input.value, intent),
  });
}

function showNetworks(context: Context): Shown {
  const create = button("New network…", { class: "end" }, () => {
    const name = nameField();
    ask({
      title: "New network",
      body: [field("Name", name, "/name")],
      submit: "Make network",
      act: async (_, intent) => view.show(await partners.makeNetwork(name.value.trim(), intent)),
    });
  });

  function askToRename(network: partners.Network): void {
    const name = nameField(network.name);
    ask({
      title: "Rename network",
      body: [field("Name", name, "/name")],
      submit: "Rename",
      act: async () => view.show(await partners.renameNetwork(network.id, name.value.trim())),
    });
  }

  function askToEnd(network: partners.Network): void {
    ask({
      title: `End the network ${network.name}?`,
      body: [h("p", {}, "Its carriers no longer see what you post for it.")],
      submit: "End network",
      danger: true,
      act: async () => {
        await partners.endNetwork(network.id);
        view.close();
      },
    });
  }

  function memberItem(network: partners.Network, { id, name, usdot, since }: partners.Partner) {
    const remove = doing("Remove", { "aria-label": `Remove ${name}` }, async () => {
      await partners.removeMember(network.id, id);
      notice(`${name} is no longer in ${network.name}.`);
      view.again();
    });
    const number = usdot ? `USDOT ${usdot}` : `no. ${id}`;
    return h(
      "li",
      {},
      h("strong", {}, name),
      h("span", { class: "quiet" }, `${number}, since ${ago(since)}`),
      h("span", { class: "end" }, remove),
    );
  }

  function membersOf(network: partners.Network): HTMLElement {
    const place = h("ul", { class: "plain" }, h("li", { class: "quiet" }, "Loading…"));
    void partners.members(network.id).then(({ items }) => {
      const each = items.map((one) => memberItem(network, one));
      place.replaceChildren(...(each.length ? each : [h("li", { class: "quiet" }, "None yet.")]));
    }, say);
    return section("Carriers", place);
  }

  const view = browse<partners.Network>(context, {
    title: "Networks",
    empty: "No networks yet. Post a load for a network, and only its carriers see it.",
    columns: [
      { name: "title", title: "Name", cell: ({ name }) => name },
      { name: "members", title: "Carriers", number: true, cell: ({ members }) => count(members) },
      { name: "age", title: "Made", number: true, cell: (one) => ago(one.created_at) },
    ],
    tools: [create],
    page: (_, cursor) => partners.networks(cursor),
    heading: ({ name }) => name,
    sheet: (network) => [
      actionRow(
        button("Add a carrier…", { class: "primary" }, () =>
          askForPartner(`Add to ${network.name}`, "Add carrier", async (said, intent) => {
            await partners.addMember(network.id, said, intent);
            view.again();
          }),
        ),
        button("Rename…", {}, () => askToRename(network)),
        button("End network…", { class: "danger" }, () => askToEnd(network)),
      ),
      membersOf(network),
    ],
  });
  return view;
}

export const networksView: View = {
  name: "networks",
  title: "Networks",
  action: "network.manage",
  show: showNetworks,
};
