/** What a sign-in gave: refreshed when the access token ends, and shared by the tabs of this browser. */
interface Tokens {
  access_token: string;
  refresh_token: string;
}

const TAB_KEY = "loadboard-token";
const KEPT_KEY = "loadboard-sign-in";

let given = "";
let renewing: Promise<boolean> | null = null;

function kept(): Tokens | null {
  try {
    return JSON.parse(localStorage.getItem(KEPT_KEY) ?? "null") as Tokens | null;
  } catch {
    return null;
  }
}

export const token = (): string => given || (kept()?.access_token ?? "");

/** Whether it is by password that somebody is signed in here. */
export const isKept = (): boolean => !given && kept() !== null;

/** A token of a link or a form: for this tab alone, so that another can be somebody else. */
export function giveToken(value: string): void {
  given = value;
  if (value) sessionStorage.setItem(TAB_KEY, value);
  else sessionStorage.removeItem(TAB_KEY);
}

export function keep(tokens: Tokens): void {
  giveToken("");
  localStorage.setItem(KEPT_KEY, JSON.stringify(tokens));
}

export function forget(): void {
  if (!given) localStorage.removeItem(KEPT_KEY);
  giveToken("");
}

/** What the link that was followed brings after its #, which is taken out of the address. */
export function fromLink(name: string): string | null {
  const said = new URLSearchParams(location.hash.slice(1)).get(name);
  if (said) history.replaceState(history.state, "", location.pathname + location.search);
  return said;
}

/** Whether there is a token to try: of the link, of this tab, or of a sign-in that is kept. */
export function findToken(): boolean {
  giveToken(fromLink("token") ?? sessionStorage.getItem(TAB_KEY) ?? "");
  return token() !== "";
}

// A refresh token is good once: two tabs that used the same one would sign each other out. Browsers have
// no locks where the page is not served securely.
const alone = <T>(run: () => Promise<T>): Promise<T> =>
  navigator.locks ? navigator.locks.request(KEPT_KEY, run) : run();

async function renewOnce(refused: string): Promise<boolean> {
  const tokens = kept();
  if (given || !tokens) return false;
  if (tokens.access_token !== refused) return true;
  const response = await fetch("/v1/sign-in/refresh", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ refresh_token: tokens.refresh_token }),
  });
  if (response.ok) keep((await response.json()) as Tokens);
  return response.ok;
}

/** Whether there is a newer token than the one that was refused. */
export function renew(refused: string): Promise<boolean> {
  renewing ??= alone(() => renewOnce(refused))
    .catch(() => false)
    .finally(() => (renewing = null));
  return renewing;
}
