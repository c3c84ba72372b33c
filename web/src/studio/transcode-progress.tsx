import type { StudioAssetFragment } from "../gql/operations";
import { Bulbs } from "../ui/bulbs";
import { CancelButton } from "./asset-buttons";
import { progressLine, progressSummary } from "./progress-words";
import { useTranscode } from "./use-transcode";

const FEWEST_BULBS = 12;
const MOST_BULBS = 40;

interface TranscodeProgressProps {
  readonly asset: StudioAssetFragment;
  readonly log: (text: string) => void;
  readonly onChanged: (what: string) => void;
  /** The asset has come to rest, or its stream was lost: time to ask for it again. */
  readonly onSettled: () => void;
}

/** Encoding as it happens: a bulb lights up for each part. */
export function TranscodeProgress({ asset, log, onChanged, onSettled }: TranscodeProgressProps) {
  const report = useTranscode(
    asset.id,
    asset.progress,
    (next) => log(progressLine(next)),
    onSettled,
  );
  const count = Math.min(MOST_BULBS, Math.max(FEWEST_BULBS, report.chunksTotal));
  const summary = progressSummary(report);
  return (
    <div className="transcode">
      <Bulbs count={count} lit={report.fraction * count} label="Encoding" valueText={summary} />
      <p className="transcode-summary">{summary}</p>
      <div className="form-actions">
        <CancelButton assetId={asset.id} onChanged={onChanged} />
      </div>
    </div>
  );
}
