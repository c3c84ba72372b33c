import { type FormEvent, useEffect, useState } from "react";
import { hasDemo, knowsPasskeys, signInWithPasskey, signInWithPassword } from "../api/entry";
import { pathTo } from "../router/route";
import { Link } from "../router/router";
import { Field, TextInput } from "../studio/fields";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { EntryFrame } from "./entry-frame";
import { SecondFactorForm } from "./second-factor-form";
import { Tickets } from "./tickets";
import { useEntering } from "./use-entering";

/** Lets people in by password or passkey, and into a demo house by a ticket. */
export function SignInPage() {
  const entering = useEntering();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [demo, setDemo] = useState(false);
  useEffect(() => {
    let shown = true;
    hasDemo().then(
      (there) => shown && setDemo(there),
      // Without an answer there are no tickets; the form says what is wrong when it is used.
      () => undefined,
    );
    return () => {
      shown = false;
    };
  }, []);

  if (entering.asked) return <SecondFactorForm asked={entering.asked} entering={entering} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void entering.enter(() => signInWithPassword(email, password));
  };
  return (
    <EntryFrame title="Sign in">
      <form className="form" onSubmit={submit}>
        <InlineProblem explanation={entering.refused} />
        <Field label="Email">
          <TextInput type="email" autoComplete="username webauthn" required value={email} onChange={(event) => setEmail(event.target.value)} />
        </Field>
        <Field label="Password">
          <TextInput type="password" autoComplete="current-password" required value={password} onChange={(event) => setPassword(event.target.value)} />
        </Field>
        <div className="form-actions">
          <Button look="bulb" type="submit" busy={entering.busy}>
            Sign in
          </Button>
          {knowsPasskeys() && (
            <Button icon="person" disabled={entering.busy} onClick={() => void entering.enter(() => signInWithPasskey())}>
              Use a passkey
            </Button>
          )}
        </div>
        <p className="entry-ways">
          <Link to={pathTo.forgot}>Forgot your password?</Link>
          <Link to={pathTo.signUp}>New here? Sign up</Link>
        </p>
      </form>
      {demo && <Tickets />}
    </EntryFrame>
  );
}
