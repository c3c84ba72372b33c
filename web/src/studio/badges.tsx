import type { AssetState, TitleState } from "../gql/operations";

const titleWords: Record<TitleState, string> = { DRAFT: "Draft", PUBLISHED: "Published", WITHDRAWN: "Withdrawn" };
const assetWords: Record<AssetState, string> = {
  PROBING: "Reading",
  REJECTED: "Turned down",
  ENCODING: "Encoding",
  PACKAGING: "Packaging",
  READY: "Ready to play",
  FAILED: "Failed",
  CANCELLED: "Cancelled",
};

type Tone = "quiet" | "warm" | "good" | "bad";

const titleTones: Record<TitleState, Tone> = { DRAFT: "quiet", PUBLISHED: "good", WITHDRAWN: "bad" };
const assetTones: Record<AssetState, Tone> = {
  PROBING: "warm",
  REJECTED: "bad",
  ENCODING: "warm",
  PACKAGING: "warm",
  READY: "good",
  FAILED: "bad",
  CANCELLED: "quiet",
};

export function TitleBadge({ state }: { readonly state: TitleState }) {
  return <span className={`badge badge-${titleTones[state]}`}>{titleWords[state]}</span>;
}

export function AssetBadge({ state }: { readonly state: AssetState | undefined }) {
  if (state === undefined) return <span className="badge badge-quiet">No clip</span>;
  return <span className={`badge badge-${assetTones[state]}`}>{assetWords[state]}</span>;
}
