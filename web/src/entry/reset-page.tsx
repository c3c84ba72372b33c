import { type FormEvent, useState } from "react";
import { reset } from "../api/entry";
import { pathTo } from "../router/route";
import { Link } from "../router/router";
import { Field, TextInput } from "../studio/fields";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { EntryFrame } from "./entry-frame";
import { SecondFactorForm } from "./second-factor-form";
import { useEntering } from "./use-entering";

/** Follows the link of a mail to a new password. */
export function ResetPage({ token }: { readonly token: string }) {
  const entering = useEntering();
  const [password, setPassword] = useState("");
  if (entering.asked) return <SecondFactorForm asked={entering.asked} entering={entering} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void entering.enter(() => reset(token, password));
  };
  return (
    <EntryFrame title="Choose a new password" hint="Everywhere else you will be signed out.">
      <form className="form" onSubmit={submit}>
        <InlineProblem explanation={entering.refused} />
        <Field label="New password" hint="A few words that nobody would guess are best.">
          <TextInput type="password" required autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />
        </Field>
        <div className="form-actions">
          <Button look="bulb" type="submit" busy={entering.busy}>
            Save and sign in
          </Button>
        </div>
        <p className="entry-ways">
          <Link to={pathTo.forgot}>Ask for a new link</Link>
        </p>
      </form>
    </EntryFrame>
  );
}
