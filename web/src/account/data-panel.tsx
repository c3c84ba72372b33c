import { type FormEvent, useEffect, useState } from "react";
import { execute } from "../api/client";
import { useViewer } from "../api/viewer";
import { type AccountQuery, DeleteAccountDocument, RequestExportDocument } from "../gql/operations";
import { pathTo } from "../router/route";
import { go } from "../router/router";
import { Field, TextInput } from "../studio/fields";
import { Panel } from "../studio/panel";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { day } from "./passkey-panel";
import { useSecuring } from "./use-securing";

const LOOK_AGAIN_MS = 2000;

interface DataPanelProps {
  readonly exports: NonNullable<AccountQuery["viewer"]>["exports"];
  readonly onChanged: () => void;
}

/** A file of everything that is kept about the account. */
export function ExportPanel({ exports, onChanged }: DataPanelProps) {
  const { busy, refused, confirmation, secure } = useSecuring();
  const isRunning = exports.some((one) => one.state === "RUNNING");
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setTimeout(onChanged, LOOK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [isRunning, exports, onChanged]);

  const request = () =>
    void secure(async () => (await execute(RequestExportDocument, { input: { format: "JSON" } })).requestExport, onChanged);
  return (
    <Panel heading="Your data">
      <InlineProblem explanation={refused} />
      {confirmation ?? (
        <>
          <p className="panel-text">A file with everything we keep about you. It can be fetched for a day.</p>
          <ul className="account-list">
            {exports.map((one) => (
              <li key={one.createdAt}>
                <span>Asked for on {day(one.createdAt)}</span>
                {one.url ? <a href={one.url} download>Download</a> : <span role="status">{one.state === "RUNNING" ? "Being made" : "It failed"}</span>}
              </li>
            ))}
          </ul>
          <div className="form-actions">
            <Button busy={busy} disabled={isRunning} onClick={request}>
              Ask for my data
            </Button>
          </div>
        </>
      )}
    </Panel>
  );
}

/** The end of the account, for good. */
export function DeletionPanel() {
  const { busy, refused, confirmation, secure } = useSecuring();
  const { reload } = useViewer();
  const [email, setEmail] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void secure(
      async () => (await execute(DeleteAccountDocument, { input: { email } })).deleteAccount,
      () => {
        go(pathTo.home, { replace: true });
        reload();
      },
    );
  };
  return (
    <Panel heading="Delete the account">
      {confirmation ?? (
        <form className="form" onSubmit={submit}>
          <p className="panel-text">Your profiles, what you watched and how you sign in are erased at once. There is no way back.</p>
          <InlineProblem explanation={refused} />
          <Field label="Your email, to be sure">
            <TextInput type="email" required autoComplete="off" value={email} onChange={(event) => setEmail(event.target.value)} />
          </Field>
          <div className="form-actions">
            <Button look="danger" type="submit" busy={busy}>
              Delete my account
            </Button>
          </div>
        </form>
      )}
    </Panel>
  );
}
