import { type FormEvent, useState } from "react";
import type { Explanation } from "../api/problems";
import { Field, TextInput } from "../studio/fields";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";

interface PinFormProps {
  readonly busy: boolean;
  readonly refused: Explanation | undefined;
  readonly onPin: (pin: string) => void;
  readonly onCancel: () => void;
}

/** Asks for the PIN that stands before something. */
export function PinForm({ busy, refused, onPin, onCancel }: PinFormProps) {
  const [pin, setPin] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onPin(pin);
    setPin("");
  };
  return (
    <form className="form pin" onSubmit={submit} aria-label="Unlock">
      <InlineProblem explanation={refused} />
      <Field label="PIN" hint="Four to eight digits.">
        <TextInput
          required
          autoFocus
          type="password"
          inputMode="numeric"
          pattern="[0-9]{4,8}"
          autoComplete="off"
          value={pin}
          onChange={(event) => setPin(event.target.value)}
        />
      </Field>
      <div className="form-actions">
        <Button look="bulb" type="submit" busy={busy}>
          Go on
        </Button>
        <Button look="plain" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
