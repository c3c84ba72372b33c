import type { MarkerKind } from "../gql/operations";

export interface Marker {
  readonly kind: MarkerKind;
  readonly startsAtSeconds: number;
  readonly endsAtSeconds: number;
}

/** What can be offered at a moment of a film: to go past a stretch of it, or on to the next episode. */
export type Offer =
  | { readonly kind: "skip"; readonly label: string; readonly toS: number }
  | { readonly kind: "next"; readonly titleId: string; readonly name: string };

const labels: Record<MarkerKind, string> = {
  INTRO: "Skip intro",
  RECAP: "Skip recap",
  PREVIEW: "Skip preview",
  CREDITS: "Skip credits",
};
/** Nobody wants to press a button for less. */
const WORTH_S = 2;

export function offerAt(
  positionS: number,
  markers: ReadonlyArray<Marker>,
  next: { readonly id: string; readonly name: string } | null,
): Offer | undefined {
  const marker = markers.find((one) => one.startsAtSeconds <= positionS && positionS < one.endsAtSeconds - WORTH_S);
  if (marker === undefined) return undefined;
  if (marker.kind !== "CREDITS") return { kind: "skip", label: labels[marker.kind], toS: marker.endsAtSeconds };
  return next === null ? undefined : { kind: "next", titleId: next.id, name: next.name };
}
