import { type FormEvent, useState } from "react";
import { execute } from "../api/client";
import { DescribeTitleDocument } from "../gql/operations";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { languageName } from "../ui/wording";
import { Field, Select, TextArea, TextInput } from "./fields";
import { languageOptions } from "./languages";
import { Panel } from "./panel";
import type { StudioTitle } from "./title-editor-page";
import { useAct } from "./use-act";

interface DetailsPanelProps {
  readonly title: StudioTitle;
  readonly onChanged: (what: string) => void;
}

/** The words of a title, in any number of languages. */
export function DetailsPanel({ title, onChanged }: DetailsPanelProps) {
  const [editing, setEditing] = useState(false);
  return (
    <Panel heading="Name and description" done>
      {editing ? (
        <DetailsForm title={title} onChanged={onChanged} onClose={() => setEditing(false)} />
      ) : (
        <>
          <p className="panel-text">{title.synopsis || "No description yet."}</p>
          <div>
            <Button onClick={() => setEditing(true)}>Change or translate</Button>
          </div>
        </>
      )}
    </Panel>
  );
}

function DetailsForm({ title, onChanged, onClose }: DetailsPanelProps & { readonly onClose: () => void }) {
  const { busy, refused, act } = useAct();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const language = text("language");
    const input = { titleId: title.id, language, name: text("name"), synopsis: text("synopsis"), expectedVersion: title.version };
    const done = await act(async () => (await execute(DescribeTitleDocument, { input })).describeTitle);
    if (!done) return;
    onChanged(`Words saved in ${languageName(language)}`);
    onClose();
  };
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <Field label="Language">
        <Select
          name="language"
          defaultValue={title.language}
          options={languageOptions().map(({ tag, name }) => ({ value: tag, label: name }))}
        />
      </Field>
      <Field label="Name">
        <TextInput name="name" required maxLength={200} defaultValue={title.name} />
      </Field>
      <Field label="What it is about">
        <TextArea name="synopsis" rows={4} maxLength={2000} defaultValue={title.synopsis} />
      </Field>
      <InlineProblem explanation={refused} />
      <div className="form-actions">
        <Button type="submit" look="bulb" busy={busy}>
          Save the words
        </Button>
        <Button look="plain" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
