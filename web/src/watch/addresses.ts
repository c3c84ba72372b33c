/** Everything of a session lives below one prefix that carries its token: the address of the manifest's folder. */
export function sessionPrefix(manifestUrl: string, page: string): string {
  return new URL(".", new URL(manifestUrl, page)).href;
}

/** Moves an address from the prefix it was made with to the one that is good now. */
export function rebase(url: string, from: string, to: string): string {
  return url.startsWith(from) ? to + url.slice(from.length) : url;
}

/** Where to begin: at the resume point, but not within the closing seconds, where there is nothing left to see. */
export function startPosition(resumeS: number, durationS: number | null | undefined): number {
  const closing = 5;
  if (durationS && resumeS > durationS - closing) return 0;
  return Math.max(0, resumeS);
}
