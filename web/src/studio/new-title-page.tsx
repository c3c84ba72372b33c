import type { FormEvent } from "react";
import { execute } from "../api/client";
import { useViewer } from "../api/viewer";
import { CreateTitleDocument, type CreateTitleInput, type TitleKind } from "../gql/operations";
import { pathTo } from "../router/route";
import { go, Link, useDocumentTitle } from "../router/router";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { Field, Select, TextArea, TextInput } from "./fields";
import { kindName, titleKinds } from "../titles/kinds";
import { languageOptions } from "./languages";
import { useAct } from "./use-act";

const ages = [0, 6, 12, 16, 18];

export function NewTitlePage() {
  useDocumentTitle("New title");
  const { busy, refused, act } = useAct();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const input = inputOf(new FormData(event.currentTarget));
    const made = await act(async () => (await execute(CreateTitleDocument, { input })).createTitle);
    if (made) go(pathTo.studioTitle(made.title.id));
  };
  return (
    <div className="studio studio-narrow">
      <Link to={pathTo.studio} className="studio-back">
        All titles
      </Link>
      <h1>New title</h1>
      <form className="panel form" onSubmit={(event) => void submit(event)}>
        <TitleFields />
        <InlineProblem explanation={refused} />
        <div className="form-actions">
          <Button type="submit" look="bulb" busy={busy}>
            Create the title
          </Button>
        </div>
      </form>
    </div>
  );
}

function TitleFields() {
  const { viewer } = useViewer();
  return (
    <>
      <Field label="Name">
        <TextInput name="name" required maxLength={200} autoComplete="off" />
      </Field>
      <Field label="What it is about" hint="A few sentences that make someone want to watch it.">
        <TextArea name="synopsis" rows={4} maxLength={2000} />
      </Field>
      <div className="form-pair">
        <Field label="Kind">
          <Select name="kind" options={titleKinds.map((kind) => ({ value: kind, label: kindName(kind) }))} />
        </Field>
        <Field label="Language of these words">
          <Select
            name="language"
            defaultValue={viewer?.profile.language.split("-")[0] ?? "en"}
            options={languageOptions().map(({ tag, name }) => ({ value: tag, label: name }))}
          />
        </Field>
        <Field label="Year">
          <TextInput name="releaseYear" type="number" min={1888} max={2100} inputMode="numeric" />
        </Field>
        <Field label="Suitable from age">
          <Select
            name="maturityAge"
            options={ages.map((age) => ({ value: String(age), label: age === 0 ? "All ages" : `${age} and over` }))}
          />
        </Field>
      </div>
    </>
  );
}

function inputOf(form: FormData): CreateTitleInput {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  return {
    kind: text("kind") as TitleKind,
    language: text("language"),
    name: text("name"),
    synopsis: text("synopsis"),
    releaseYear: text("releaseYear") === "" ? null : Number(text("releaseYear")),
    maturityAge: Number(text("maturityAge")),
  };
}
