import { type FormEvent, useState } from "react";
import { execute } from "../api/client";
import { useViewer } from "../api/viewer";
import { CreatePollDocument, type PollKind, type Reveal } from "../gql/operations";
import { Field, Select, TextArea, TextInput } from "../studio/fields";
import { Button } from "../ui/button";
import type { Act } from "./desk-page";

interface PollFormProps {
  readonly streamId: string;
  readonly act: Act;
}

const kinds = [
  { value: "SINGLE", label: "One answer" },
  { value: "MULTIPLE", label: "Several answers" },
  { value: "QUIZ", label: "Quiz: the first answer is right" },
] as const;
const reveals = [
  { value: "LIVE", label: "While it is open" },
  { value: "AFTER_VOTE", label: "After one’s own vote" },
  { value: "AT_END", label: "When I reveal them" },
] as const;

/** Prepares a poll. Answers are lines: nothing has to be clicked. */
export function PollForm({ streamId, act }: PollFormProps) {
  const { viewer } = useViewer();
  const [question, setQuestion] = useState("");
  const [answers, setAnswers] = useState("");
  const [kind, setKind] = useState<PollKind>("SINGLE");
  const [reveal, setReveal] = useState<Reveal>("LIVE");

  const language = viewer?.profile.language ?? "en";
  const said = (text: string) => [{ language, text }];
  const prepare = async (event: FormEvent) => {
    event.preventDefault();
    const lines = answers.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    const options = lines.map((line, number) => ({ label: said(line), isRight: kind === "QUIZ" && number === 0 }));
    const poll = {
      kind, reveal, question: said(question), options,
      maxChoices: kind === "MULTIPLE" ? lines.length : 1,
      points: kind === "QUIZ" ? 10 : 0,
    };
    const done = await act(async () => (await execute(CreatePollDocument, { input: { streamId, poll } })).createPoll);
    if (!done) return;
    setQuestion("");
    setAnswers("");
  };
  return (
    <form className="form" onSubmit={(event) => void prepare(event)}>
      <div className="field">
        <label htmlFor="new-poll-question">Question</label>
        <TextInput id="new-poll-question" required maxLength={200} value={question} onChange={(event) => setQuestion(event.target.value)} />
      </div>
      <Field label="Answers" hint="One on each line.">
        <TextArea required rows={4} value={answers} onChange={(event) => setAnswers(event.target.value)} />
      </Field>
      <Field label="Kind">
        <Select options={kinds} value={kind} onChange={(event) => setKind(event.target.value as PollKind)} />
      </Field>
      <Field label="Results are shown">
        <Select options={reveals} value={reveal} onChange={(event) => setReveal(event.target.value as Reveal)} />
      </Field>
      <div className="form-actions">
        <Button look="bulb" type="submit">
          Prepare
        </Button>
      </div>
    </form>
  );
}
