import { execute } from "../api/client";
import { CancelAssetDocument, RetryAssetDocument } from "../gql/operations";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { useAct } from "./use-act";

interface AssetButtonProps {
  readonly assetId: string;
  readonly onChanged: (what: string) => void;
}

export function RetryButton({ assetId, onChanged }: AssetButtonProps) {
  const { busy, refused, act } = useAct();
  const retry = async () => {
    const done = await act(async () => (await execute(RetryAssetDocument, { input: { assetId } })).retryAsset);
    if (done) onChanged("Encoding starts again");
  };
  return (
    <>
      <Button look="bulb" icon="replay" busy={busy} onClick={() => void retry()}>
        Try it again
      </Button>
      <InlineProblem explanation={refused} />
    </>
  );
}

export function CancelButton({ assetId, onChanged }: AssetButtonProps) {
  const { busy, refused, act } = useAct();
  const cancel = async () => {
    const done = await act(async () => (await execute(CancelAssetDocument, { input: { assetId } })).cancelAsset);
    if (done) onChanged("Encoding was cancelled");
  };
  return (
    <>
      <Button look="danger" busy={busy} onClick={() => void cancel()}>
        Cancel encoding
      </Button>
      <InlineProblem explanation={refused} />
    </>
  );
}
