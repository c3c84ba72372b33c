import { type FormEvent, useState } from "react";
import { execute } from "../api/client";
import { ChangePasswordDocument } from "../gql/operations";
import { Field, TextInput } from "../studio/fields";
import { Panel } from "../studio/panel";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { useSecuring } from "./use-securing";

interface PasswordPanelProps {
  readonly hasPassword: boolean;
  readonly onChanged: () => void;
}

/** A new password; everywhere else it signs out. */
export function PasswordPanel({ hasPassword, onChanged }: PasswordPanelProps) {
  const { busy, refused, confirmation, secure } = useSecuring();
  const [newPassword, setNewPassword] = useState("");
  const [saved, setSaved] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSaved(false);
    void secure(
      async () => (await execute(ChangePasswordDocument, { input: { newPassword } })).changePassword,
      () => {
        setNewPassword("");
        setSaved(true);
        onChanged();
      },
    );
  };
  return (
    <Panel heading="Password">
      {confirmation ?? (
        <form className="form" onSubmit={submit}>
          <InlineProblem explanation={refused} />
          <Field label={hasPassword ? "New password" : "Password"} hint="Everywhere else you will be signed out.">
            <TextInput type="password" required autoComplete="new-password" value={newPassword} onChange={(event) => setNewPassword(event.target.value)} />
          </Field>
          <div className="form-actions">
            <Button type="submit" busy={busy}>
              Save password
            </Button>
            <span role="status">{saved && "Saved."}</span>
          </div>
        </form>
      )}
    </Panel>
  );
}
