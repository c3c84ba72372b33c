import { useState } from "react";
import { execute } from "../api/client";
import { MakeRecoveryCodesDocument } from "../gql/operations";
import { Panel } from "../studio/panel";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { useSecuring } from "./use-securing";

interface RecoveryPanelProps {
  readonly left: number;
  readonly onChanged: () => void;
}

/** Codes that stand in once each for a lost phone. */
export function RecoveryPanel({ left, onChanged }: RecoveryPanelProps) {
  const { busy, refused, confirmation, secure } = useSecuring();
  const [codes, setCodes] = useState<ReadonlyArray<string>>([]);
  const make = () =>
    void secure(
      async () => (await execute(MakeRecoveryCodesDocument, { input: { expectedLeft: left } })).makeRecoveryCodes,
      (made) => {
        setCodes(made.codes);
        onChanged();
      },
    );
  return (
    <Panel heading="Recovery codes">
      <InlineProblem explanation={refused} />
      {confirmation ?? (
        <>
          {codes.length > 0 && <RecoveryCodeList codes={codes} />}
          <p className="panel-text">{left === 1 ? "One code is left." : `${left} codes are left.`} New ones replace all of them.</p>
          <div className="form-actions">
            <Button busy={busy} onClick={make}>
              Make new codes
            </Button>
          </div>
        </>
      )}
    </Panel>
  );
}

export function RecoveryCodeList({ codes }: { readonly codes: ReadonlyArray<string> }) {
  return (
    <div className="recovery" role="status">
      <p className="panel-text">Write these down now. Each lets you in once without your phone, and they are not shown again.</p>
      <ul className="recovery-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}
