import { execute } from "../api/client";
import { type DeskQuery, LockPollDocument, OpenPollDocument, RevealPollDocument, UndoPollDocument } from "../gql/operations";
import type { Act } from "./desk-page";

export type HostPoll = DeskQuery["hostPolls"][number];

const named = ({ poll }: HostPoll) => ({ pollId: poll.id, expectedVersion: poll.version });

/** What a host does with a poll. */
export const acts = {
  open: (one: HostPoll, act: Act) => act(async () => (await execute(OpenPollDocument, { input: named(one) })).openPoll),
  lock: (one: HostPoll, act: Act) => act(async () => (await execute(LockPollDocument, { input: named(one) })).lockPoll),
  reveal: (one: HostPoll, act: Act) => act(async () => (await execute(RevealPollDocument, { input: named(one) })).revealPoll),
  undo: (one: HostPoll, act: Act) => act(async () => (await execute(UndoPollDocument, { input: named(one) })).undoPoll),
};

/** The polls in the order they were prepared: the service lists the newest first. */
export function inOrder(polls: ReadonlyArray<HostPoll>): ReadonlyArray<HostPoll> {
  return [...polls].reverse();
}

/** The poll that each key is about. */
export function meant(polls: ReadonlyArray<HostPoll>, now: Date): Partial<Record<keyof typeof acts, HostPoll>> {
  const ordered = inOrder(polls);
  const find = (fits: (one: HostPoll) => boolean) => ordered.find((one) => !one.poll.isCancelled && fits(one));
  const found: Partial<Record<keyof typeof acts, HostPoll>> = {};
  const open = find(({ poll }) => poll.state === "DRAFT" || poll.state === "SCHEDULED");
  const lock = find(({ poll }) => poll.state === "OPEN");
  const reveal = find(({ poll }) => poll.state === "LOCKED");
  const undo = find((one) => one.undoUntil != null && Date.parse(one.undoUntil) > now.getTime());
  if (open) found.open = open;
  if (lock) found.lock = lock;
  if (reveal) found.reveal = reveal;
  if (undo) found.undo = undo;
  return found;
}
