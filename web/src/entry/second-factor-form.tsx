import { type FormEvent, useState } from "react";
import { passSecondFactor, type SecondFactor, signInWithPasskey } from "../api/entry";
import { Field, TextInput } from "../studio/fields";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { EntryFrame } from "./entry-frame";
import type { Entering } from "./use-entering";

interface SecondFactorFormProps {
  readonly asked: SecondFactor;
  readonly entering: Entering;
}

/** The second question: a code of an app, a passkey, or one of the codes that were written down. */
export function SecondFactorForm({ asked, entering }: SecondFactorFormProps) {
  const takesCode = asked.methods.includes("TOTP");
  const [byRecovery, setByRecovery] = useState(!takesCode);
  const [code, setCode] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const proof = byRecovery ? { recoveryCode: code } : { code: code.replace(/\s/g, "") };
    void entering.enter(() => passSecondFactor(asked.challenge, proof));
  };
  const change = (recovery: boolean) => {
    setByRecovery(recovery);
    setCode("");
  };
  const takesRecovery = asked.methods.includes("RECOVERY_CODE");
  return (
    <EntryFrame title="One more step" hint="Your account asks for a second proof that it is you.">
      <form className="form" onSubmit={submit}>
        <InlineProblem explanation={entering.refused} />
        {asked.methods.includes("PASSKEY") && (
          <Button icon="person" disabled={entering.busy} onClick={() => void entering.enter(() => signInWithPasskey(asked.challenge))}>
            Use a passkey
          </Button>
        )}
        {(takesCode || takesRecovery) && (
          <Field
            key={String(byRecovery)}
            label={byRecovery ? "Recovery code" : "Code"}
            hint={byRecovery ? "One of the codes you wrote down. Each works once." : "Six digits from your authenticator app."}
          >
            <TextInput
              required
              autoFocus
              autoComplete="one-time-code"
              inputMode={byRecovery ? "text" : "numeric"}
              value={code}
              onChange={(event) => setCode(event.target.value)}
            />
          </Field>
        )}
        <div className="form-actions">
          {(takesCode || takesRecovery) && (
            <Button look="bulb" type="submit" busy={entering.busy}>
              Go on
            </Button>
          )}
          {takesCode && takesRecovery && (
            <Button look="plain" onClick={() => change(!byRecovery)}>
              {byRecovery ? "Use the app instead" : "Use a recovery code"}
            </Button>
          )}
          <Button look="plain" onClick={entering.startOver}>
            Start over
          </Button>
        </div>
      </form>
    </EntryFrame>
  );
}
