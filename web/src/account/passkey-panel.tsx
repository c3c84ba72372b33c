import { useState } from "react";
import { execute } from "../api/client";
import { deviceName } from "../api/device-name";
import { createPasskey, knowsPasskeys } from "../api/entry";
import { AddPasskeyDocument, RemovePasskeyDocument, StartPasskeyDocument } from "../gql/operations";
import { Panel } from "../studio/panel";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { RecoveryCodeList } from "./recovery-panel";
import { useSecuring } from "./use-securing";

interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt?: string | null;
}

interface PasskeyPanelProps {
  readonly passkeys: ReadonlyArray<Passkey>;
  readonly onChanged: () => void;
}

/** The passkeys of the account: signing in without a password. */
export function PasskeyPanel({ passkeys, onChanged }: PasskeyPanelProps) {
  const { busy, refused, confirmation, secure } = useSecuring();
  const [codes, setCodes] = useState<ReadonlyArray<string>>([]);

  const add = () =>
    void secure(
      async () => {
        const name = deviceName(navigator.userAgent);
        const { startPasskey } = await execute(StartPasskeyDocument, { input: { name } });
        if ("code" in startPasskey) return startPasskey;
        const credentialJson = JSON.stringify(await createPasskey(startPasskey.optionsJson));
        return (await execute(AddPasskeyDocument, { input: { challenge: startPasskey.challenge, credentialJson } })).addPasskey;
      },
      (made) => {
        if ("recoveryCodes" in made) setCodes(made.recoveryCodes);
        onChanged();
      },
    );
  const remove = (passkeyId: string) =>
    void secure(async () => (await execute(RemovePasskeyDocument, { input: { passkeyId } })).removePasskey, onChanged);

  return (
    <Panel heading="Passkeys" done={passkeys.length > 0}>
      <InlineProblem explanation={refused} />
      {confirmation ?? (
        <>
          {codes.length > 0 && <RecoveryCodeList codes={codes} />}
          <ul className="account-list">
            {passkeys.map((passkey) => (
              <li key={passkey.id}>
                <span>
                  <strong>{passkey.name}</strong>
                  <span className="account-when">since {day(passkey.createdAt)}</span>
                </span>
                <Button look="plain" disabled={busy} aria-label={`Remove the passkey ${passkey.name}`} onClick={() => remove(passkey.id)}>
                  Remove
                </Button>
              </li>
            ))}
          </ul>
          {knowsPasskeys() ? (
            <div className="form-actions">
              <Button look="bulb" busy={busy} onClick={add}>
                Add a passkey
              </Button>
            </div>
          ) : (
            <p className="panel-text">This browser does not know passkeys.</p>
          )}
        </>
      )}
    </Panel>
  );
}

export function day(at: string): string {
  return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
}
