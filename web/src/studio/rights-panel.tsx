import type { FormEvent } from "react";
import { execute } from "../api/client";
import { GrantRightDocument, RevokeRightDocument, type StudioRightFragment } from "../gql/operations";
import { Button } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import { moment, territoryName } from "../ui/wording";
import { Field, Select, TextInput } from "./fields";
import { offeredTerritories } from "./languages";
import { Panel } from "./panel";
import type { StudioTitle } from "./title-editor-page";
import { useAct } from "./use-act";

interface RightsPanelProps {
  readonly title: StudioTitle;
  readonly onChanged: (what: string) => void;
}

/** Where and when the title may be shown. Without a right, nobody sees it. */
export function RightsPanel({ title, onChanged }: RightsPanelProps) {
  return (
    <Panel heading="Where and when" done={title.rights.length > 0}>
      <ul className="rights">
        {title.rights.map((right) => (
          <li key={right.id}>
            <RightLine right={right} onChanged={onChanged} />
          </li>
        ))}
      </ul>
      <RightForm titleId={title.id} onChanged={onChanged} />
    </Panel>
  );
}

interface RightLineProps {
  readonly right: StudioRightFragment;
  readonly onChanged: (what: string) => void;
}

function RightLine({ right, onChanged }: RightLineProps) {
  const { busy, refused, act } = useAct();
  const where = territoryName(right.territory);
  const until = right.closesAt ? `until ${moment(right.closesAt)}` : "with no end";
  const revoke = async () => {
    const done = await act(async () => (await execute(RevokeRightDocument, { input: { rightId: right.id } })).revokeRight);
    if (done) onChanged(`Right taken back: ${where}`);
  };
  return (
    <>
      <span>
        <strong>{where}</strong> from {moment(right.opensAt)} {until}
      </span>
      <Button look="plain" busy={busy} aria-label={`Take back the right for ${where}`} onClick={() => void revoke()}>
        Take back
      </Button>
      <InlineProblem explanation={refused} />
    </>
  );
}

interface RightFormProps {
  readonly titleId: string;
  readonly onChanged: (what: string) => void;
}

function RightForm({ titleId, onChanged }: RightFormProps) {
  const { busy, refused, act } = useAct();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const territory = String(form.get("territory"));
    const closes = instant(form.get("closesAt"));
    const input = { titleId, territory, opensAt: instant(form.get("opensAt")) ?? new Date().toISOString(), closesAt: closes ?? null };
    const done = await act(async () => (await execute(GrantRightDocument, { input })).grantRight);
    if (done) onChanged(`Right granted: ${territoryName(territory)}`);
  };
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <div className="form-pair">
        <Field label="Territory">
          <Select
            name="territory"
            options={offeredTerritories.map((code) => ({ value: code, label: territoryName(code) }))}
          />
        </Field>
        <Field label="Opens" hint="Empty: now">
          <TextInput name="opensAt" type="datetime-local" />
        </Field>
        <Field label="Closes" hint="Empty: never">
          <TextInput name="closesAt" type="datetime-local" />
        </Field>
      </div>
      <InlineProblem explanation={refused} />
      <div className="form-actions">
        <Button type="submit" icon="plus" busy={busy}>
          Grant this right
        </Button>
      </div>
    </form>
  );
}

/** A date field speaks the editor's local time; the API speaks UTC. */
function instant(value: FormDataEntryValue | null): string | undefined {
  return typeof value === "string" && value !== "" ? new Date(value).toISOString() : undefined;
}
