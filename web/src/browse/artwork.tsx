import { useState } from "react";
import "./artwork.css";

interface ArtworkProps {
  readonly name: string;
  readonly url: string | undefined;
  readonly eager?: boolean;
}

/** A title's picture; without one (or when it does not load) its name on a velvet card. */
export function Artwork({ name, url, eager = false }: ArtworkProps) {
  const [broken, setBroken] = useState<string>();
  if (url === undefined || broken === url) {
    return (
      <span className={`artwork artwork-blank artwork-blank-${shade(name)}`} aria-hidden="true">
        <span>{name}</span>
      </span>
    );
  }
  return (
    <img
      className="artwork"
      src={url}
      alt=""
      loading={eager ? "eager" : "lazy"}
      fetchPriority={eager ? "high" : "auto"}
      decoding="async"
      onError={() => setBroken(url)}
    />
  );
}

const SHADES = 4;

function shade(name: string): number {
  let sum = 0;
  for (const letter of name) sum += letter.codePointAt(0) ?? 0;
  return sum % SHADES;
}
