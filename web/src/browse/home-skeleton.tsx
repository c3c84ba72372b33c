import { Skeleton } from "../ui/skeleton";

/** The shape of the home page before it is there. */
export function HomeSkeleton() {
  return (
    <div role="status">
      <span className="visually-hidden">Loading what’s on</span>
      <Skeleton className="home-skeleton-hero" />
      <div className="home-skeleton-row">
        {Array.from({ length: 6 }, (_, index) => (
          <Skeleton key={index} className="home-skeleton-card" />
        ))}
      </div>
    </div>
  );
}
