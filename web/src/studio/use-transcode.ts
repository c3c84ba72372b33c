import { useEffect, useRef, useState } from "react";
import { subscribe } from "../api/subscribe";
import { FollowTranscodeDocument, type ProgressReportFragment } from "../gql/operations";
import { isWorking } from "./progress-words";

/** Should the stream break, the title is asked for again after this pause. */
const ASK_AGAIN_MS = 3000;

/** Follows an asset's progress live. `onDone` is called once it has come to rest, or when the stream was lost. */
export function useTranscode(
  assetId: string,
  first: ProgressReportFragment,
  onReport: (report: ProgressReportFragment) => void,
  onDone: () => void,
): ProgressReportFragment {
  const [report, setReport] = useState(first);
  const latest = useRef({ onReport, onDone });
  latest.current = { onReport, onDone };
  const running = isWorking(first.state);

  useEffect(() => {
    if (!running) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = subscribe(FollowTranscodeDocument, { assetId }, {
      next: ({ transcodeProgress }) => {
        setReport(transcodeProgress);
        latest.current.onReport(transcodeProgress);
        if (!isWorking(transcodeProgress.state)) latest.current.onDone();
      },
      ended: (problem) => {
        timer = setTimeout(() => latest.current.onDone(), problem === undefined ? 0 : ASK_AGAIN_MS);
      },
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [assetId, running]);
  return running ? report : first;
}
