import { type FormEvent, useEffect, useState } from "react";
import { hasDemo, knowsPasskeys, type Provider, providers, signInWithPasskey, signInWithPassword, wayTo } from "../api/entry";
import { explainProblem } from "../api/problems";
import { pathTo } from "../router/route";
import { Link } from "../router/router";
import { Field, TextInput } from "../studio/fields";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { countryOf } from "./countries";
import { EntryFrame } from "./entry-frame";
import { SecondFactorForm } from "./second-factor-form";
import { Tickets } from "./tickets";
import { useEntering } from "./use-entering";

/** What else this house offers besides passwords and passkeys. */
interface Ways {
  readonly demo: boolean;
  readonly providers: ReadonlyArray<Provider>;
}

/** Lets people in by password or passkey, and into a demo house by a ticket. */
export function SignInPage({ problem }: { readonly problem: string | null }) {
  const entering = useEntering();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [ways, setWays] = useState<Ways>({ demo: false, providers: [] });
  useEffect(() => {
    let shown = true;
    Promise.all([hasDemo(), providers()]).then(
      ([demo, found]) => shown && setWays({ demo, providers: found }),
      // Without an answer there is only the form, which says what is wrong when it is used.
      () => undefined,
    );
    return () => {
      shown = false;
    };
  }, []);
  const brought = problem === null ? undefined : explainProblem({ code: problem, message: "The other service did not let you in." });

  if (entering.asked) return <SecondFactorForm asked={entering.asked} entering={entering} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void entering.enter(() => signInWithPassword(email, password));
  };
  return (
    <EntryFrame title="Sign in">
      <form className="form" onSubmit={submit}>
        <InlineProblem explanation={entering.refused ?? brought} />
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
        {ways.providers.length > 0 && (
          <div className="entry-providers">
            {ways.providers.map((provider) => (
              <a key={provider.id} className="button button-velvet" href={wayTo(provider, countryOf(navigator.language))}>
                Go on with {provider.name}
              </a>
            ))}
          </div>
        )}
        <p className="entry-ways">
          <Link to={pathTo.forgot}>Forgot your password?</Link>
          <Link to={pathTo.signUp}>New here? Sign up</Link>
        </p>
      </form>
      {ways.demo && <Tickets />}
    </EntryFrame>
  );
}
