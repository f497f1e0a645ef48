import { browse } from "./browse";
import { button, h } from "./dom";
import { ago } from "./format";
import { askForPartner } from "./networks";
import { doing, notice } from "./notice";
import { actionRow } from "./pane";
import * as partners from "./partners";
import type { Context, Shown, View } from "./views";

function showBlocks(context: Context): Shown {
  const add = button("Block an organisation…", { class: "end" }, () =>
    askForPartner("Block an organisation", "Block", async (said, intent) => {
      await partners.block(said, intent);
      notice("Blocked. Neither of you sees the other's loads or offers any more.");
      view.refresh();
    }),
  );

  async function end({ id, name }: partners.Partner): Promise<void> {
    await partners.unblock(id);
    notice(`${name} is no longer blocked.`);
    view.close();
  }

  const view = browse<partners.Partner>(context, {
    title: "Blocks",
    empty: "You block nobody. Organisations that block each other see nothing of each other.",
    columns: [
      { name: "title", title: "Organisation", cell: ({ name }) => name },
      { name: "usdot", title: "USDOT", cell: ({ usdot }) => usdot ?? "—" },
      { name: "age", title: "Since", number: true, cell: ({ since }) => ago(since) },
    ],
    tools: [add],
    page: (_, cursor) => partners.blocks(cursor),
    heading: ({ name }) => name,
    sheet: (partner) => [
      h("p", {}, "Neither of you sees the other's loads, or books with the other."),
      actionRow(doing("End the block", {}, () => end(partner))),
    ],
  });
  return view;
}

export const blocksView: View = {
  name: "blocks",
  title: "Blocks",
  action: "block.manage",
  show: showBlocks,
};
