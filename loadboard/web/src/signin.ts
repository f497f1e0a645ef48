import { byId } from "./dom";
import { refuseIn } from "./fields";
import { call, post, Problem } from "./http";
import { forget, fromLink, giveToken, isKept, keep } from "./session";

type Tokens = Parameters<typeof keep>[0];

/** Sends a form of this page; on success the page begins anew, holding nothing of who was here before. */
function whenSent(id: string, problem: string, path: string, read: (form: FormData) => object) {
  const form = byId<HTMLFormElement>(id);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button") as HTMLButtonElement;
    button.disabled = true;
    try {
      keep(await post<Tokens>(path, read(new FormData(form))));
      location.assign("/");
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      refuseIn(form, byId(problem), error.errors, error.message);
    } finally {
      button.disabled = false;
    }
  });
}

export function askToSignIn(why: string): void {
  document.body.classList.add("signed-out");
  for (const open of document.querySelectorAll("dialog")) open.close();
  byId("sign-in").hidden = false;
  byId("sign-in-problem").textContent = why;
  byId("email").focus();
  void offerIssuer();
}

async function offerIssuer(): Promise<void> {
  const ways = await call<{ oidc: boolean }>("/sign-in").catch(() => null);
  byId("oidc").hidden = !ways?.oidc;
}

/** Back from an outside issuer there is a refresh token in the address, good for a minute; or why it is not. */
export async function comeBack(): Promise<string> {
  const returned = fromLink("refresh_token");
  if (!returned) return "";
  try {
    keep(await post<Tokens>("/sign-in/refresh", { refresh_token: returned }));
    return "";
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.message;
  }
}

/** Somebody who was invited chooses a name and a password. */
function askToJoin(invitation: string): void {
  forget();
  document.body.classList.add("signed-out");
  byId("join").hidden = false;
  whenSent("join-form", "join-problem", "/sign-in/invitation", (form) => ({
    token: invitation,
    ...(form.get("name") ? { name: form.get("name") } : {}),
    password: form.get("password"),
  }));
  byId("join-name").focus();
}

/** Whether the address is of an invitation, which comes before all else. */
export function isInvited(): boolean {
  const invitation = fromLink("invitation");
  if (invitation) askToJoin(invitation);
  return invitation !== null;
}

export async function signOut(): Promise<void> {
  // A sign-in ends with all its tokens; the token of a link was made by somebody else, and goes on.
  if (isKept()) await post("/sign-out").catch(() => null);
  forget();
  location.assign("/");
}

export function listenForSigningIn(): void {
  whenSent("sign-in-form", "sign-in-problem", "/sign-in", (form) => ({
    email: form.get("email"),
    password: form.get("password"),
  }));
  byId("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    giveToken(byId<HTMLInputElement>("token").value.trim());
    location.reload();
  });
  byId("sign-out").addEventListener("click", () => void signOut());
  window.addEventListener("hashchange", () => {
    if (/^#(token|invitation|refresh_token)=/.test(location.hash)) location.reload();
  });
}
