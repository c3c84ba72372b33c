import type { Tally } from "./show";

interface PollBarsProps {
  readonly tally: Tally;
  readonly optionId: string;
  readonly isRight: boolean | undefined;
}

/** One answer's share of the votes. */
export function PollBars({ tally, optionId, isRight }: PollBarsProps) {
  const votes = tally.options.find((one) => one.optionId === optionId)?.votes ?? 0;
  const all = tally.options.reduce((sum, one) => sum + one.votes, 0);
  const share = all === 0 ? 0 : votes / all;
  return (
    <div className="poll-bar" data-right={isRight}>
      <meter min={0} max={1} value={share} aria-label={`${votes} of ${all} votes`} />
      <span>{Math.round(share * 100)} %</span>
    </div>
  );
}
