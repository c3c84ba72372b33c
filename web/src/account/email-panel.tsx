import { type FormEvent, useState } from "react";
import { execute } from "../api/client";
import { ChangeEmailDocument } from "../gql/operations";
import { Field, TextInput } from "../studio/fields";
import { Panel } from "../studio/panel";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { useSecuring } from "./use-securing";

/** Another address; it counts once the link in a mail to it was followed. */
export function EmailPanel() {
  const { busy, refused, confirmation, secure } = useSecuring();
  const [email, setEmail] = useState("");
  const [sentTo, setSentTo] = useState<string>();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void secure(
      async () => (await execute(ChangeEmailDocument, { input: { email } })).changeEmail,
      () => {
        setSentTo(email);
        setEmail("");
      },
    );
  };
  return (
    <Panel heading="Email">
      {confirmation ?? (
        <form className="form" onSubmit={submit}>
          <InlineProblem explanation={refused} />
          <Field label="New email" hint="It is used once you have followed the link that we send there.">
            <TextInput type="email" required autoComplete="email" value={email} onChange={(event) => setEmail(event.target.value)} />
          </Field>
          <div className="form-actions">
            <Button type="submit" busy={busy}>
              Send the link
            </Button>
            <span role="status">{sentTo !== undefined && `We have written to ${sentTo}.`}</span>
          </div>
        </form>
      )}
    </Panel>
  );
}
