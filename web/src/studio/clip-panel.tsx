import { useEffect, useState } from "react";
import { explainRejection } from "../api/problems";
import type { StudioAssetFragment } from "../gql/operations";
import { Button } from "../ui/button";
import { moment, runningTime } from "../ui/wording";
import { RetryButton } from "./asset-buttons";
import { AssetBadge } from "./badges";
import { Panel } from "./panel";
import { isWorking } from "./progress-words";
import type { StudioTitle } from "./title-editor-page";
import { TranscodeProgress } from "./transcode-progress";
import { trackSummary } from "./track-summary";
import { UploadForm } from "./upload-form";

interface ClipPanelProps {
  readonly title: StudioTitle;
  readonly log: (text: string) => void;
  readonly onChanged: (what: string) => void;
  readonly reload: () => void;
}

/** The title's picture and sound: uploaded here, then encoded, packaged and encrypted. */
export function ClipPanel({ title, log, onChanged, reload }: ClipPanelProps) {
  const asset = title.asset ?? undefined;
  const [replacing, setReplacing] = useState(false);
  const uploading = asset === undefined || replacing;
  const reason = asset?.rejection?.reason;
  useEffect(() => {
    if (reason) log(`Turned down: ${explainRejection(reason)}`);
  }, [reason, log]);
  const created = () => {
    setReplacing(false);
    onChanged("Clip handed over for encoding");
  };
  return (
    <Panel heading="Picture and sound" done={asset?.state === "READY"}>
      {asset && <AssetSummary asset={asset} />}
      {asset && isWorking(asset.state) && (
        <TranscodeProgress key={asset.id} asset={asset} log={log} onChanged={onChanged} onSettled={reload} />
      )}
      {asset && !isWorking(asset.state) && !replacing && (
        <AssetActions asset={asset} onChanged={onChanged} onReplace={() => setReplacing(true)} />
      )}
      {uploading && <UploadForm titleId={title.id} log={log} onCreated={created} />}
    </Panel>
  );
}

function AssetSummary({ asset }: { readonly asset: StudioAssetFragment }) {
  const facts = [
    asset.durationSeconds ? runningTime(asset.durationSeconds) : undefined,
    asset.width && asset.height ? `${asset.width} × ${asset.height}` : undefined,
    asset.hdr ? "HDR" : undefined,
    `from ${moment(asset.createdAt)}`,
  ].filter((fact) => fact !== undefined);
  return (
    <div className="asset">
      <p className="asset-line">
        <AssetBadge state={asset.state} /> {facts.join(", ")}
      </p>
      {asset.state === "READY" && <p className="panel-text">{trackSummary(asset.tracks)}</p>}
      {asset.rejection && (
        <p className="asset-rejection" role="alert">
          <strong>{explainRejection(asset.rejection.reason)}</strong> {asset.rejection.detail}
        </p>
      )}
      {asset.state === "FAILED" && !asset.rejection && (
        <p className="asset-rejection">Something went wrong on our side. Try it again.</p>
      )}
    </div>
  );
}

interface AssetActionsProps {
  readonly asset: StudioAssetFragment;
  readonly onChanged: (what: string) => void;
  readonly onReplace: () => void;
}

function AssetActions({ asset, onChanged, onReplace }: AssetActionsProps) {
  const retriable = asset.state === "FAILED" || asset.state === "CANCELLED";
  return (
    <div className="form-actions">
      {retriable && <RetryButton assetId={asset.id} onChanged={onChanged} />}
      <Button icon="upload" onClick={onReplace}>
        Upload another clip
      </Button>
    </div>
  );
}
