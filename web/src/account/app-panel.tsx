import { type FormEvent, useState } from "react";
import { execute } from "../api/client";
import { ConfirmTotpDocument, RemoveTotpDocument, StartTotpDocument } from "../gql/operations";
import { Field, TextInput } from "../studio/fields";
import { Panel } from "../studio/panel";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { RecoveryCodeList } from "./recovery-panel";
import { useSecuring } from "./use-securing";

interface AppPanelProps {
  readonly since: string | null;
  readonly label: string;
  readonly onChanged: () => void;
}

/** An authenticator app as the second factor: its picture to scan, a code to prove it, and the way back. */
export function AppPanel({ since, label, onChanged }: AppPanelProps) {
  const { busy, refused, confirmation, secure } = useSecuring();
  const [started, setStarted] = useState<{ readonly secret: string; readonly qrCode: string }>();
  const [code, setCode] = useState("");
  const [codes, setCodes] = useState<ReadonlyArray<string>>([]);

  const start = () =>
    void secure(async () => (await execute(StartTotpDocument, { input: { label } })).startTotp, setStarted);
  const confirm = (event: FormEvent) => {
    event.preventDefault();
    void secure(
      async () => (await execute(ConfirmTotpDocument, { input: { code: code.replace(/\s/g, "") } })).confirmTotp,
      (made) => {
        setStarted(undefined);
        setCode("");
        setCodes(made.codes);
        onChanged();
      },
    );
  };
  const remove = (inUseSince: string) =>
    void secure(async () => (await execute(RemoveTotpDocument, { input: { since: inUseSince } })).removeTotp, onChanged);

  return (
    <Panel heading="Authenticator app" done={since !== null}>
      <InlineProblem explanation={refused} />
      {confirmation}
      {codes.length > 0 && <RecoveryCodeList codes={codes} />}
      {!confirmation && started && (
        <form className="form" onSubmit={confirm}>
          <p className="panel-text">Scan this with your app, then enter the code it shows.</p>
          <img className="account-qr" src={started.qrCode} alt="QR code for your authenticator app" width={220} height={220} />
          <p className="panel-text">
            Or type it: <code className="account-secret">{started.secret}</code>
          </p>
          <Field label="Code of the app">
            <TextInput required autoFocus inputMode="numeric" autoComplete="one-time-code" value={code} onChange={(event) => setCode(event.target.value)} />
          </Field>
          <div className="form-actions">
            <Button look="bulb" type="submit" busy={busy}>
              Use this app
            </Button>
            <Button look="plain" onClick={() => setStarted(undefined)}>
              Cancel
            </Button>
          </div>
        </form>
      )}
      {!confirmation && !started && (
        <div className="form-actions">
          {since === null ? (
            <Button busy={busy} onClick={start}>
              Set up an app
            </Button>
          ) : (
            <Button look="danger" busy={busy} onClick={() => remove(since)}>
              Stop using the app
            </Button>
          )}
        </div>
      )}
    </Panel>
  );
}
