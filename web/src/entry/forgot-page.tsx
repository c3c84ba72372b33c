import { type FormEvent, useState } from "react";
import { forgot } from "../api/entry";
import { type Explanation, explainError } from "../api/problems";
import { pathTo } from "../router/route";
import { Link } from "../router/router";
import { Field, TextInput } from "../studio/fields";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { EntryFrame } from "./entry-frame";
import { MailSent } from "./mail-sent";

/** Sends a link by which a new password is chosen. */
export function ForgotPage() {
  const [email, setEmail] = useState("");
  const [busy, setBusy] = useState(false);
  const [sent, setSent] = useState(false);
  const [refused, setRefused] = useState<Explanation>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefused(undefined);
    try {
      await forgot(email);
      setSent(true);
    } catch (error) {
      setRefused(explainError(error));
    } finally {
      setBusy(false);
    }
  };
  if (sent) return <MailSent email={email} advice="If there is an account for it, the mail has a link to choose a new password." />;
  return (
    <EntryFrame title="Choose a new password" hint="We send a link to the address of your account.">
      <form className="form" onSubmit={submit}>
        <InlineProblem explanation={refused} />
        <Field label="Email">
          <TextInput type="email" required autoComplete="username" value={email} onChange={(event) => setEmail(event.target.value)} />
        </Field>
        <div className="form-actions">
          <Button look="bulb" type="submit" busy={busy}>
            Send the link
          </Button>
        </div>
        <p className="entry-ways">
          <Link to={pathTo.home}>Back to signing in</Link>
        </p>
      </form>
    </EntryFrame>
  );
}
