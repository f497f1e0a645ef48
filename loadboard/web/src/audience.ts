import { byId, h } from "./dom";
import { networks } from "./partners";
import type { Audience, Me } from "./types";

/** The part of the form that says who sees a load. */
export function audienceFields(me: Me): { read(): Audience; write(audience: Audience): void } {
  const kind = byId<HTMLSelectElement>("post-audience");
  const carriers = byId<HTMLInputElement>("post-carriers");
  const place = byId("post-networks");
  let boxes: HTMLInputElement[] = [];

  const show = () => (byId("post-chosen").hidden = kind.value === "everyone");
  kind.addEventListener("change", show);

  /** One's networks as they are now, ticked as said. */
  async function listNetworks(ticked: number[]): Promise<void> {
    const found = me.may.includes("network.manage") ? await networks().catch(() => null) : null;
    const items = found?.items ?? [];
    boxes = items.map(({ id }) =>
      h("input", { type: "checkbox", value: id, checked: ticked.includes(id) }),
    );
    const none = h("p", { class: "hint" }, "You have no networks yet.");
    place.replaceChildren(
      h("legend", {}, "My networks"),
      ...items.map(({ name }, i) => h("label", { class: "tick" }, boxes[i], name)),
      ...(items.length ? [] : [none]),
    );
  }

  return {
    read() {
      if (kind.value === "everyone") return "everyone";
      return {
        networks: boxes.filter((box) => box.checked).map((box) => Number(box.value)),
        carriers: (carriers.value.match(/\d+/g) ?? []).map(Number),
      };
    },
    write(audience) {
      const chosen = audience === "everyone" ? null : audience;
      kind.value = chosen ? "chosen" : "everyone";
      carriers.value = chosen?.carriers.join(", ") ?? "";
      show();
      void listNetworks(chosen?.networks ?? []);
    },
  };
}
