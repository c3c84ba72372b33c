import { type FormEvent, useState } from "react";
import { signUp } from "../api/entry";
import { type Explanation, explainError } from "../api/problems";
import { pathTo } from "../router/route";
import { Link } from "../router/router";
import { Field, Select, TextInput } from "../studio/fields";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { countries, countryOf } from "./countries";
import { EntryFrame } from "./entry-frame";
import { MailSent } from "./mail-sent";

/** Makes an account, once the link in a mail was followed. */
export function SignUpPage() {
  const [given, setGiven] = useState({ displayName: "", email: "", password: "", territory: countryOf(navigator.language) });
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState(false);
  const [refused, setRefused] = useState<Explanation>();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefused(undefined);
    try {
      await signUp({ ...given, language: navigator.language });
      setSent(true);
    } catch (error) {
      setRefused(explainError(error));
    } finally {
      setBusy(false);
    }
  };
  if (sent) return <MailSent email={given.email} advice="Open the link in it to start watching." />;
  return (
    <EntryFrame title="Sign up">
      <form className="form" onSubmit={submit}>
        <InlineProblem explanation={refused} />
        <Field label="Name">
          <TextInput required maxLength={80} autoComplete="name" value={given.displayName} onChange={(event) => setGiven({ ...given, displayName: event.target.value })} />
        </Field>
        <Field label="Email">
          <TextInput type="email" required autoComplete="username" value={given.email} onChange={(event) => setGiven({ ...given, email: event.target.value })} />
        </Field>
        <Field label="Password" hint="A few words that nobody would guess are best.">
          <TextInput type="password" required autoComplete="new-password" value={given.password} onChange={(event) => setGiven({ ...given, password: event.target.value })} />
        </Field>
        <Field label="Country">
          <Select options={countries()} autoComplete="country" value={given.territory} onChange={(event) => setGiven({ ...given, territory: event.target.value })} />
        </Field>
        <div className="form-actions">
          <Button look="bulb" type="submit" busy={busy}>
            Sign up
          </Button>
        </div>
        <p className="entry-ways">
          <Link to={pathTo.home}>You have an account? Sign in</Link>
        </p>
      </form>
    </EntryFrame>
  );
}
