import { type FormEvent, useEffect, useState } from "react";
import { execute } from "../api/client";
import { useQuery } from "../api/use-query";
import { useViewer } from "../api/viewer";
import {
  AddRunItemDocument, FireRunItemDocument, MoveRunItemDocument, RemoveRunItemDocument, RunOfShowDocument, type RunItemKind,
  type RunOfShowQuery, UnfireRunItemDocument,
} from "../gql/operations";
import { Field, Select, TextInput } from "../studio/fields";
import { Panel } from "../studio/panel";
import { Button } from "../ui/button";
import type { HostPoll } from "./acts";
import type { Act } from "./desk-page";

type Item = RunOfShowQuery["runOfShow"]["items"][number];

interface RunSheetProps {
  readonly streamId: string;
  readonly polls: ReadonlyArray<HostPoll>;
  readonly act: Act;
  /** Changes whenever something in the show does. */
  readonly changes: string;
}

const kinds = [
  { value: "POLL", label: "A poll" },
  { value: "CHAPTER", label: "A chapter" },
  { value: "SHOUT_OUT", label: "A shout-out" },
  { value: "NOTE", label: "A note to ourselves" },
] as const;

/** The run of show: what is to come, in order, each fired by one press. */
export function RunSheet({ streamId, polls, act, changes }: RunSheetProps) {
  const [state, reload] = useQuery(RunOfShowDocument, { streamId });
  const { viewer } = useViewer();
  const [kind, setKind] = useState<RunItemKind>("POLL");
  const [text, setText] = useState("");
  const [pollId, setPollId] = useState("");
  useEffect(() => reload(), [changes, reload]);
  if (state.phase !== "ready") return <Panel heading="Run of show">{null}</Panel>;
  const { version, items } = state.data.runOfShow;

  const then: Act = async (ask) => {
    const done = await act(ask);
    reload();
    return done;
  };
  const nameOf = (item: Item) =>
    item.kind === "POLL" ? (polls.find(({ poll }) => poll.id === item.pollId)?.poll.question ?? "A poll") : (item.texts[0]?.text ?? "");
  const add = async (event: FormEvent) => {
    event.preventDefault();
    const said = [{ language: viewer?.profile.language ?? "en", text }];
    const what = kind === "POLL" ? { pollId: pollId || (polls[0]?.poll.id ?? null) } : { text: said };
    const input = { streamId, expectedVersion: version, kind, ...what };
    if (await then(async () => (await execute(AddRunItemDocument, { input })).addRunItem)) setText("");
  };
  const fire = (itemId: string) => void then(async () => (await execute(FireRunItemDocument, { input: { itemId } })).fireRunItem);
  const unfire = (itemId: string) => void then(async () => (await execute(UnfireRunItemDocument, { input: { itemId } })).unfireRunItem);
  const up = (itemId: string, position: number) =>
    void then(async () => (await execute(MoveRunItemDocument, { input: { itemId, expectedVersion: version, position } })).moveRunItem);
  const remove = (itemId: string) =>
    void then(async () => (await execute(RemoveRunItemDocument, { input: { itemId, expectedVersion: version } })).removeRunItem);

  return (
    <Panel heading="Run of show">
      <ol className="desk-list">
        {items.map((item, number) => (
          <li key={item.itemId} data-fired={item.firedAt != null}>
            <span>{nameOf(item)}</span>
            <span className="desk-acts">
              {item.kind !== "NOTE" && item.firedAt == null && (
                <button type="button" onClick={() => fire(item.itemId)}>
                  Fire
                </button>
              )}
              {item.firedAt != null && (
                <button type="button" onClick={() => unfire(item.itemId)}>
                  Undo
                </button>
              )}
              {number > 0 && (
                <button type="button" aria-label={`Earlier: ${nameOf(item)}`} onClick={() => up(item.itemId, number - 1)}>
                  ↑
                </button>
              )}
              <button type="button" aria-label={`Remove: ${nameOf(item)}`} onClick={() => remove(item.itemId)}>
                ×
              </button>
            </span>
          </li>
        ))}
      </ol>
      <form className="form" onSubmit={(event) => void add(event)}>
        <Field label="What comes">
          <Select options={kinds} value={kind} onChange={(event) => setKind(event.target.value as RunItemKind)} />
        </Field>
        {kind === "POLL" ? (
          <Field label="Which poll">
            <Select
              options={polls.map(({ poll }) => ({ value: poll.id, label: poll.question }))}
              value={pollId || (polls[0]?.poll.id ?? "")}
              onChange={(event) => setPollId(event.target.value)}
            />
          </Field>
        ) : (
          <Field label="Words">
            <TextInput required maxLength={200} value={text} onChange={(event) => setText(event.target.value)} />
          </Field>
        )}
        <div className="form-actions">
          <Button type="submit" disabled={kind === "POLL" && polls.length === 0}>
            Add
          </Button>
        </div>
      </form>
    </Panel>
  );
}
