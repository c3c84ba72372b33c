import { type FormEvent, useState } from "react";
import { confirm, confirmWithPasskey, knowsPasskeys } from "../api/entry";
import { type Explanation, explainError } from "../api/problems";
import { Field, TextInput } from "../studio/fields";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";

interface ConfirmFormProps {
  readonly onConfirmed: () => void;
  readonly onCancel: () => void;
}

/** Asks again who it is, before something that a thief would like to change. */
export function ConfirmForm({ onConfirmed, onCancel }: ConfirmFormProps) {
  const [proof, setProof] = useState("");
  const [byCode, setByCode] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Explanation>();

  const show = async (ask: () => Promise<void>) => {
    setBusy(true);
    setRefused(undefined);
    try {
      await ask();
      onConfirmed();
    } catch (error) {
      if (!(error instanceof DOMException)) setRefused(explainError(error));
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void show(() => confirm(byCode ? { code: proof } : { password: proof }));
  };
  return (
    <form className="form confirm" onSubmit={submit} aria-label="Confirm that it is you">
      <p className="panel-text">First, show again that it is you.</p>
      <InlineProblem explanation={refused} />
      <Field key={String(byCode)} label={byCode ? "Code of your app" : "Your password"}>
        <TextInput
          required
          autoFocus
          type={byCode ? "text" : "password"}
          autoComplete={byCode ? "one-time-code" : "current-password"}
          value={proof}
          onChange={(event) => setProof(event.target.value)}
        />
      </Field>
      <div className="form-actions">
        <Button look="bulb" type="submit" busy={busy}>
          Confirm
        </Button>
        <Button
          look="plain"
          onClick={() => {
            setByCode(!byCode);
            setProof("");
          }}
        >
          {byCode ? "Use your password" : "Use a code"}
        </Button>
        {knowsPasskeys() && (
          <Button look="plain" disabled={busy} onClick={() => void show(confirmWithPasskey)}>
            Use a passkey
          </Button>
        )}
        <Button look="plain" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
