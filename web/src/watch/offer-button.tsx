import { pathTo } from "../router/route";
import { go } from "../router/router";
import { Button } from "../ui/button";
import { type Offer } from "./skipping";
import "./offer-button.css";

interface OfferButtonProps {
  readonly offer: Offer;
  readonly onSkip: (toS: number) => void;
}

/** Offers to go past the opening, or on to the next episode. */
export function OfferButton({ offer, onSkip }: OfferButtonProps) {
  return (
    <div className="offer">
      {offer.kind === "skip" ? (
        <Button look="velvet" icon="forward" onClick={() => onSkip(offer.toS)}>
          {offer.label}
        </Button>
      ) : (
        <Button look="bulb" icon="play" onClick={() => go(pathTo.watch(offer.titleId))}>
          Next: {offer.name}
        </Button>
      )}
    </div>
  );
}
