import type { AssetState, ProgressReportFragment } from "../gql/operations";
import { remainingTime } from "../ui/wording";

const states: Record<AssetState, string> = {
  PROBING: "Reading the clip to see what is in it",
  REJECTED: "The clip was turned down",
  ENCODING: "Encoding",
  PACKAGING: "Packaging and encrypting",
  READY: "Ready to play",
  FAILED: "Encoding failed",
  CANCELLED: "Encoding was cancelled",
};

/** One line of the log for a progress report: a new line for each state and each finished part. */
export function progressLine(report: ProgressReportFragment): string {
  if (report.state !== "ENCODING" || report.chunksTotal === 0) return states[report.state];
  return `Encoding: ${report.chunksDone} of ${report.chunksTotal} parts done`;
}

/** The line under the bulbs: how far, how fast, how long still. */
export function progressSummary(report: ProgressReportFragment): string {
  const percent = `${Math.round(report.fraction * 100)} %`;
  const parts = [states[report.state], percent];
  if (report.speed) parts.push(`${report.speed.toFixed(1)} × real time`);
  if (report.remainingSeconds) parts.push(remainingTime(report.remainingSeconds));
  return parts.join(", ");
}

const working: ReadonlySet<AssetState> = new Set<AssetState>(["PROBING", "ENCODING", "PACKAGING"]);

export function isWorking(state: AssetState): boolean {
  return working.has(state);
}
