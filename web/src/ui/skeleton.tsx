import "./skeleton.css";

/** A dim shape where something is about to be. Purely visual: the region around it says that it loads. */
export function Skeleton({ className = "" }: { readonly className?: string }) {
  return <span className={`skeleton ${className}`} aria-hidden="true" />;
}
