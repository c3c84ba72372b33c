import { useCallback, useRef, useState } from "react";
import { execute } from "../api/client";
import { newIdempotencyKey } from "../api/keys";
import { type Explanation, explainError, explainProblem } from "../api/problems";
import { CreateAssetDocument } from "../gql/operations";
import { type SideFile, tracksOf } from "./side-files";
import { uploadFile } from "./upload";
import { forgetUpload } from "./upload-memory";
import { isAccepted } from "./use-act";

export type UploadPhase =
  | { readonly phase: "choosing"; readonly refused?: Explanation }
  | { readonly phase: "sending"; readonly sentBytes: number; readonly totalBytes: number; readonly fileName: string }
  | { readonly phase: "paused"; readonly sentBytes: number; readonly totalBytes: number }
  | { readonly phase: "handing-over" };

export interface UploadControl {
  readonly state: UploadPhase;
  readonly start: (clip: File, sides: ReadonlyArray<SideFile>) => Promise<void>;
  readonly pause: () => void;
}

/** Sends the clip and its side files one after the other, then asks for the asset. */
export function useUpload(titleId: string, log: (text: string) => void, onCreated: () => void): UploadControl {
  const [state, setState] = useState<UploadPhase>({ phase: "choosing" });
  const abort = useRef<AbortController>(undefined);

  const start = useCallback(
    async (clip: File, sides: ReadonlyArray<SideFile>) => {
      abort.current = new AbortController();
      const files = [clip, ...sides.map((side) => side.file)];
      try {
        const ids = await sendAll(files, abort.current.signal, setState, log);
        setState({ phase: "handing-over" });
        const refused = await handOver(titleId, ids, sides);
        setState(refused ? { phase: "choosing", refused } : { phase: "choosing" });
        if (refused) return;
        files.forEach(forgetUpload);
        onCreated();
      } catch (error) {
        if (error instanceof DOMException && error.name === "AbortError") setState(paused);
        else setState({ phase: "choosing", refused: explainError(error) });
      }
    },
    [titleId, log, onCreated],
  );
  const pause = useCallback(() => abort.current?.abort(), []);
  return { state, start, pause };
}

function paused(held: UploadPhase): UploadPhase {
  if (held.phase !== "sending") return { phase: "choosing" };
  return { phase: "paused", sentBytes: held.sentBytes, totalBytes: held.totalBytes };
}

async function sendAll(
  files: ReadonlyArray<File>,
  signal: AbortSignal,
  show: (state: UploadPhase) => void,
  log: (text: string) => void,
): Promise<ReadonlyArray<string>> {
  const totalBytes = files.reduce((sum, file) => sum + file.size, 0);
  const ids: string[] = [];
  let before = 0;
  for (const file of files) {
    const onProgress = (sent: number) => show({ phase: "sending", sentBytes: before + sent, totalBytes, fileName: file.name });
    onProgress(0);
    log(`Sending ${file.name}`);
    ids.push(await uploadFile(file, { onProgress, signal }));
    log(`${file.name} has arrived`);
    before += file.size;
  }
  return ids;
}

async function handOver(
  titleId: string,
  ids: ReadonlyArray<string>,
  sides: ReadonlyArray<SideFile>,
): Promise<Explanation | undefined> {
  const [uploadId = "", ...sideIds] = ids;
  const uploaded = sides.map((side, index) => ({ ...side, uploadId: sideIds[index] ?? "" }));
  const input = { titleId, uploadId, ...tracksOf(uploaded), idempotencyKey: newIdempotencyKey() };
  const { createAsset } = await execute(CreateAssetDocument, { input });
  return isAccepted(createAsset) ? undefined : explainProblem(createAsset);
}
