import "./bulbs.css";

interface BulbsProps {
  /** How many bulbs the rail has. */
  readonly count: number;
  /** How many are lit; may be fractional, the next bulb then glows half. */
  readonly lit: number;
  readonly label: string;
  readonly valueText?: string;
}

/** A rail of marquee bulbs that light up one by one: the house's progress bar. */
export function Bulbs({ count, lit, label, valueText }: BulbsProps) {
  const percent = count === 0 ? 0 : Math.round((Math.min(lit, count) / count) * 100);
  return (
    <div
      className="bulbs"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={valueText ?? `${percent} %`}
    >
      {Array.from({ length: count }, (_, index) => (
        <span key={index} className={bulbClass(index, lit)} />
      ))}
    </div>
  );
}

function bulbClass(index: number, lit: number): string {
  if (index + 1 <= lit) return "bulb bulb-lit";
  return index < lit ? "bulb bulb-warming" : "bulb";
}
