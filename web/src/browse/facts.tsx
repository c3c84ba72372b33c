import { runningTime } from "../ui/wording";
import "./facts.css";

interface FactsProps {
  readonly title: {
    readonly releaseYear?: number | null;
    readonly maturityAge: number;
    readonly durationSeconds?: number | null;
  };
}

/** Year, length and age in one quiet line. */
export function Facts({ title }: FactsProps) {
  return (
    <span className="facts">
      {title.releaseYear && <span>{title.releaseYear}</span>}
      {title.durationSeconds && <span>{runningTime(title.durationSeconds)}</span>}
      <span className="facts-age">{title.maturityAge === 0 ? "All ages" : `${title.maturityAge}+`}</span>
    </span>
  );
}
