import { type FormEvent, useState } from "react";
import { execute } from "../api/client";
import { newIdempotencyKey } from "../api/keys";
import { useViewer } from "../api/viewer";
import { AnnounceMomentDocument } from "../gql/operations";
import { Field, TextInput } from "../studio/fields";
import { Button } from "../ui/button";
import type { Act } from "./desk-page";

/** Puts a line on everybody's screen, at the moment of the programme that is on air now. */
export function ShoutForm({ streamId, act }: { readonly streamId: string; readonly act: Act }) {
  const { viewer } = useViewer();
  const [text, setText] = useState("");
  const shout = async (event: FormEvent) => {
    event.preventDefault();
    const said = [{ language: viewer?.profile.language ?? "en", text }];
    const input = { streamId, kind: "SHOUT_OUT" as const, text: said, idempotencyKey: newIdempotencyKey() };
    if (await act(async () => (await execute(AnnounceMomentDocument, { input })).announceMoment)) setText("");
  };
  return (
    <form className="form" onSubmit={(event) => void shout(event)}>
      <Field label="What to say">
        <TextInput required maxLength={200} value={text} onChange={(event) => setText(event.target.value)} />
      </Field>
      <div className="form-actions">
        <Button type="submit">Show it</Button>
      </div>
    </form>
  );
}
