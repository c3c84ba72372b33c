import { type FormEvent, useEffect, useRef, useState } from "react";
import { verify } from "../api/entry";
import { ApiFault } from "../api/client";
import { type Explanation, explainError } from "../api/problems";
import { pathTo } from "../router/route";
import { Field, TextInput } from "../studio/fields";
import { Button, ButtonLink } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { EntryFrame } from "./entry-frame";
import { useEntering } from "./use-entering";

/** Follows the link of a mail: the first sign-in, or a new address. */
export function VerifyPage({ token }: { readonly token: string }) {
  const [changed, setChanged] = useState(false);
  const [needsPassword, setNeedsPassword] = useState(false);
  const [password, setPassword] = useState("");
  const explain = (error: unknown): Explanation | undefined => {
    if (!(error instanceof ApiFault) || error.code !== "PASSWORD_REQUIRED") return explainError(error);
    setNeedsPassword(true);
    return undefined;
  };
  const entering = useEntering(() => setChanged(true), explain);
  const followed = useRef(false);
  useEffect(() => {
    // A link works once, and effects run twice while developing.
    if (followed.current) return;
    followed.current = true;
    void entering.enter(() => verify(token));
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    void entering.enter(() => verify(token, password));
  };
  if (changed) {
    return (
      <EntryFrame title="Your new address is in use" hint="From now on, sign in with it.">
        <ButtonLink to={pathTo.home} look="bulb">
          Go on
        </ButtonLink>
      </EntryFrame>
    );
  }
  return (
    <EntryFrame title="Confirming your address">
      <InlineProblem explanation={entering.refused} />
      {needsPassword && (
        <form className="form" onSubmit={submit}>
          <Field label="Password" hint="You signed up in another browser, so we ask for the password you chose there.">
            <TextInput type="password" required autoFocus autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} />
          </Field>
          <div className="form-actions">
            <Button look="bulb" type="submit" busy={entering.busy}>
              Go on
            </Button>
          </div>
        </form>
      )}
      {entering.refused && !needsPassword && (
        <ButtonLink to={pathTo.home} look="bulb">
          To signing in
        </ButtonLink>
      )}
    </EntryFrame>
  );
}
