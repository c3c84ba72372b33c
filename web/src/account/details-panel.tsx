import { type FormEvent, useState } from "react";
import { execute } from "../api/client";
import { useViewer } from "../api/viewer";
import { countries } from "../entry/countries";
import { type AccountQuery, UpdateAccountDocument } from "../gql/operations";
import { Field, Select, TextInput } from "../studio/fields";
import { Panel } from "../studio/panel";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { useSecuring } from "./use-securing";

interface DetailsPanelProps {
  readonly account: NonNullable<AccountQuery["viewer"]>;
  readonly onChanged: () => void;
}

/** What the account is called, where it is at home, and whether it wants news. */
export function DetailsPanel({ account, onChanged }: DetailsPanelProps) {
  const { busy, refused, confirmation, secure } = useSecuring();
  const { reload } = useViewer();
  const [displayName, setDisplayName] = useState(account.displayName);
  const [territory, setTerritory] = useState(account.territory);
  const [marketingConsent, setConsent] = useState(account.marketingConsentAt !== null);
  const [saved, setSaved] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSaved(false);
    const input = { expectedVersion: account.version, displayName, territory, marketingConsent };
    void secure(
      async () => (await execute(UpdateAccountDocument, { input })).updateAccount,
      () => {
        setSaved(true);
        onChanged();
        reload();
      },
    );
  };
  return (
    <Panel heading="About you">
      {confirmation ?? (
        <form className="form" onSubmit={submit}>
          <InlineProblem explanation={refused} />
          {account.email && <p className="panel-text">You sign in as {account.email}.</p>}
          <Field label="Name">
            <TextInput required maxLength={80} autoComplete="name" value={displayName} onChange={(event) => setDisplayName(event.target.value)} />
          </Field>
          <Field label="Country">
            <Select options={countries()} autoComplete="country" value={territory} onChange={(event) => setTerritory(event.target.value)} />
          </Field>
          <label className="check">
            <input type="checkbox" checked={marketingConsent} onChange={(event) => setConsent(event.target.checked)} /> Write to me about new titles
          </label>
          <div className="form-actions">
            <Button type="submit" busy={busy}>
              Save
            </Button>
            <span role="status">{saved && "Saved."}</span>
          </div>
        </form>
      )}
    </Panel>
  );
}
