import * as api from "./api";
import { byId } from "./dom";
import { whenSignedOut } from "./http";
import { notice } from "./notice";
import { findToken, forget } from "./session";
import { showPage } from "./shell";
import { showAccount } from "./account";
import { askToSignIn, comeBack, isInvited, listenForSigningIn } from "./signin";

const AGAIN_S = 5;

async function enter(): Promise<void> {
  try {
    const [me, equipment] = await Promise.all([api.me(), api.equipment()]);
    byId("who").textContent = `${me.organization.name} · ${me.organization.kind}`;
    byId("who").addEventListener("click", () => showAccount(me));
    byId("sign-out").hidden = false;
    showPage(me, equipment.items);
  } catch (error) {
    if (!(error instanceof api.Problem)) throw error;
    if (error.status === 401) return;
    notice(`${error.message} Trying again in ${AGAIN_S} s.`);
    setTimeout(() => void enter(), AGAIN_S * 1000);
  }
}

listenForSigningIn();
whenSignedOut(() => {
  forget();
  askToSignIn("Your sign-in is not valid, or no longer. Sign in again.");
});
async function begin(): Promise<void> {
  if (isInvited()) return;
  const why = await comeBack();
  if (findToken()) await enter();
  else askToSignIn(why);
}

void begin();
