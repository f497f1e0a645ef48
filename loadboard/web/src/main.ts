import * as api from "./api";
import { showBoard } from "./board";
import { byId } from "./dom";
import { notice } from "./notice";

function askForToken(why: string): void {
  api.setToken("");
  byId("board").hidden = true;
  byId("sign-out").hidden = true;
  byId("post-open").hidden = true;
  byId("truck-open").hidden = true;
  byId("who").textContent = "";
  byId("sign-in").hidden = false;
  byId("sign-in-problem").textContent = why;
  byId("token").focus();
}

async function enter(): Promise<void> {
  try {
    const [me, equipment] = await Promise.all([api.me(), api.equipment()]);
    byId("sign-in").hidden = true;
    byId("board").hidden = false;
    byId("sign-out").hidden = false;
    byId("who").textContent = `${me.organization.name} · ${me.organization.kind}`;
    showBoard(me, equipment.items, askForToken);
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    if (error.status === 401) return askForToken("This token is not valid, or no longer.");
    notice(`${error.message} Trying again in 5 s.`);
    setTimeout(() => void enter(), 5_000);
  }
}

byId("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  api.setToken(byId<HTMLInputElement>("token").value.trim());
  // A fresh page holds nothing of the one who was signed in before.
  location.reload();
});

byId("sign-out").addEventListener("click", () => {
  api.setToken("");
  location.assign("/");
});

window.addEventListener("hashchange", () => {
  if (location.hash.startsWith("#token=")) location.reload();
});

if (api.findToken()) void enter();
else askForToken("");
