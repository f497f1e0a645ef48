import { h } from "./dom";
import { field } from "./fields";
import { members, networks, type Partner } from "./partners";

const named = ({ id, name }: Partner) => `no. ${id} ${name}`;

/** The carriers of one's own networks. */
async function known(): Promise<Partner[]> {
  const { items } = await networks();
  const pages = await Promise.all(items.map(({ id }) => members(id)));
  return [...new Map(pages.flatMap((page) => page.items).map((one) => [one.id, one])).values()];
}

/** Asks for a carrier: one of one's networks, or by its number here. */
export function carrierField(label: string, pointer: string) {
  const list = h("datalist", { id: "known-carriers" });
  const input = h("input", { required: true, list: list.id, placeholder: "no. 12" });
  void known().then(
    (all) => list.replaceChildren(...all.map((one) => h("option", { value: named(one) }))),
    () => {},
  );
  const hint = h("p", { class: "hint" }, "Of your networks, or by its number here.");
  return {
    element: field(label, input, pointer, list, hint),
    chosen: () => Number(input.value.match(/\d+/)?.[0] ?? 0),
  };
}
