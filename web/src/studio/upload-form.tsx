import { type FormEvent, useState } from "react";
import { Bulbs } from "../ui/bulbs";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { fileSize } from "../ui/wording";
import { FileDrop } from "./file-drop";
import { SideFileList } from "./side-file-list";
import { type SideFile, sideFileOf } from "./side-files";
import { type UploadPhase, useUpload } from "./use-upload";

interface UploadFormProps {
  readonly titleId: string;
  readonly log: (text: string) => void;
  readonly onCreated: () => void;
}

/** Picks a clip with its subtitles and sends them. A broken or paused upload goes on where it stopped. */
export function UploadForm({ titleId, log, onCreated }: UploadFormProps) {
  const [clip, setClip] = useState<File>();
  const [sides, setSides] = useState<ReadonlyArray<SideFile>>([]);
  const { state, start, pause } = useUpload(titleId, log, onCreated);
  const idle = state.phase === "choosing" || state.phase === "paused";

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (clip) void start(clip, sides);
  };
  const addSides = (files: ReadonlyArray<File>) => setSides((held) => [...held, ...files.map(sideFileOf)]);
  return (
    <form className="form" onSubmit={submit}>
      {idle && (
        <>
          <FileDrop
            label={clip ? `${clip.name}, ${fileSize(clip.size)}` : "Choose a clip, or drop it here"}
            hint="MP4, MOV, MKV, WebM, MPEG-TS or AVI"
            accept="video/*,.mkv,.ts,.m2ts,.avi"
            onFiles={(files) => setClip(files[0])}
          />
          <SideFileList sides={sides} onChange={setSides} />
          <FileDrop
            label="Add subtitles or another language’s sound"
            hint="SRT, WebVTT or TTML; AAC, MP3, WAV, FLAC"
            accept=".srt,.vtt,.ttml,.dfxp,.xml,audio/*"
            multiple
            small
            onFiles={addSides}
          />
        </>
      )}
      <UploadState state={state} />
      <div className="form-actions">
        {idle && (
          <Button type="submit" look="bulb" icon="upload" disabled={clip === undefined}>
            {state.phase === "paused" ? "Go on" : "Upload and encode"}
          </Button>
        )}
        {state.phase === "sending" && (
          <Button icon="pause" onClick={pause}>
            Pause
          </Button>
        )}
      </div>
    </form>
  );
}

const BULBS = 20;

function UploadState({ state }: { readonly state: UploadPhase }) {
  switch (state.phase) {
    case "choosing":
      return <InlineProblem explanation={state.refused} />;
    case "handing-over":
      return <p role="status">Everything has arrived. Handing it over for encoding.</p>;
    case "sending":
    case "paused": {
      const part = state.totalBytes === 0 ? 0 : state.sentBytes / state.totalBytes;
      const words = `${fileSize(state.sentBytes)} of ${fileSize(state.totalBytes)}`;
      const about = state.phase === "paused" ? `Paused at ${words}` : `Sending ${state.fileName}: ${words}`;
      return (
        <div className="transcode">
          <Bulbs count={BULBS} lit={part * BULBS} label="Uploading" valueText={about} />
          <p className="transcode-summary">{about}</p>
        </div>
      );
    }
  }
}
