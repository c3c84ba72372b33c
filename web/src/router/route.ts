/** The pages there are, each with what its address says. */
export type Route =
  | { readonly page: "home" }
  | { readonly page: "title"; readonly titleId: string }
  | { readonly page: "watch"; readonly titleId: string }
  | { readonly page: "search" }
  | { readonly page: "desk"; readonly streamId: string }
  | { readonly page: "studio" }
  | { readonly page: "studio-new" }
  | { readonly page: "studio-title"; readonly titleId: string }
  | { readonly page: "account" }
  | { readonly page: "activate" }
  | { readonly page: "profiles" }
  | { readonly page: "invitation" }
  | { readonly page: "overlay" }
  | { readonly page: "sign-in" }
  | { readonly page: "sign-up" }
  | { readonly page: "verify" }
  | { readonly page: "forgot" }
  | { readonly page: "reset" }
  | { readonly page: "missing" };

/** The pages before somebody is in. */
const entries = ["sign-in", "sign-up", "verify", "forgot", "reset"] as const;
export type Entry = (typeof entries)[number];

export function isEntry(page: Route["page"]): page is Entry {
  return (entries as ReadonlyArray<string>).includes(page);
}

/** Reads an address path. Global ids are opaque, so they are percent-encoded in addresses. */
export function routeOf(path: string): Route {
  const parts = path.split("/").filter((part) => part !== "");
  const [first, second, third] = parts;
  if (parts.length === 0) return { page: "home" };
  if (parts.length === 2 && first === "title" && second) return { page: "title", titleId: decode(second) };
  if (parts.length === 2 && first === "watch" && second) return { page: "watch", titleId: decode(second) };
  if (parts.length === 2 && first === "desk" && second) return { page: "desk", streamId: decode(second) };
  const entry = entries.find((name) => name === first);
  if (parts.length === 1 && entry !== undefined) return { page: entry };
  if (parts.length === 1 && first === "account") return { page: "account" };
  if (parts.length === 1 && first === "activate") return { page: "activate" };
  if (parts.length === 1 && first === "profiles") return { page: "profiles" };
  if (parts.length === 1 && first === "invitation") return { page: "invitation" };
  if (parts.length === 1 && first === "overlay") return { page: "overlay" };
  if (parts.length === 1 && first === "search") return { page: "search" };
  if (parts.length === 1 && first === "studio") return { page: "studio" };
  if (parts.length === 2 && first === "studio" && second === "new") return { page: "studio-new" };
  if (parts.length === 3 && first === "studio" && second === "titles" && third) {
    return { page: "studio-title", titleId: decode(third) };
  }
  return { page: "missing" };
}

export const pathTo = {
  home: "/",
  search: "/search",
  account: "/account",
  /** The account's page, for staff who have to add a second factor first. */
  enrol: "/account?enrol",
  activate: "/activate",
  profiles: "/profiles",
  signIn: "/sign-in",
  signUp: "/sign-up",
  verify: "/verify",
  forgot: "/forgot",
  reset: "/reset",
  studio: "/studio",
  newTitle: "/studio/new",
  title: (titleId: string) => `/title/${encodeURIComponent(titleId)}`,
  watch: (titleId: string) => `/watch/${encodeURIComponent(titleId)}`,
  desk: (streamId: string) => `/desk/${encodeURIComponent(streamId)}`,
  studioTitle: (titleId: string) => `/studio/titles/${encodeURIComponent(titleId)}`,
};

export function appendPath(path: string, search: string): string {
  return search.startsWith("?") ? path + search : path;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
