import type { MomentPartsFragment, PollPartsFragment, StreamEventsSubscription, StreamPartsFragment, TallyPartsFragment } from "../gql/operations";

export type Stream = StreamPartsFragment;
export type Poll = PollPartsFragment;
export type Tally = TallyPartsFragment;
export type Moment = MomentPartsFragment;
export type ShowEvent = StreamEventsSubscription["streamEvents"];
export type Rates = Extract<ShowEvent, { __typename: "ReactionRates" }>["rates"];

/** All that is known of a show, some of it ahead of what this viewer has seen. */
export interface Show {
  readonly stream: Stream | undefined;
  readonly viewers: number;
  readonly emojis: ReadonlyArray<string>;
  readonly rates: Rates;
  readonly polls: ReadonlyMap<string, Poll>;
  readonly tallies: ReadonlyMap<string, Tally>;
  readonly moments: ReadonlyMap<string, Moment>;
}

export const emptyShow: Show = {
  stream: undefined, viewers: 0, emojis: [], rates: [], polls: new Map(), tallies: new Map(), moments: new Map(),
};

/** The show after an event. A snapshot replaces everything. */
export function after(show: Show, event: ShowEvent): Show {
  switch (event.__typename) {
    case "StreamSnapshot":
      return {
        ...show,
        stream: event.stream,
        viewers: event.stream.viewers,
        emojis: event.stream.reactions.emojis,
        polls: new Map(event.stream.polls.map((poll) => [poll.id, poll])),
        tallies: new Map(event.stream.polls.flatMap((poll) => (poll.tally ? [[poll.id, poll.tally]] : []))),
        moments: new Map(event.stream.moments.map((moment) => [moment.id, moment])),
      };
    case "StreamUpdate":
      return { ...show, stream: event.stream };
    case "ViewerCount":
      return { ...show, viewers: event.viewers };
    case "ReactionRates":
      return { ...show, rates: event.rates };
    case "PollUpdate":
      return withPoll(show, event.pollId, event.poll ?? undefined);
    case "TallyUpdate":
      return { ...show, tallies: new Map(show.tallies).set(event.pollId, event.tally) };
    case "MomentAnnounced":
      return event.moment ? { ...show, moments: new Map(show.moments).set(event.moment.id, event.moment) } : show;
    case "MomentRevoked": {
      const moments = new Map(show.moments);
      moments.delete(event.momentId);
      return { ...show, moments };
    }
  }
}

/** A poll that is null again was taken back by its host. */
function withPoll(show: Show, id: string, poll: Poll | undefined): Show {
  const polls = new Map(show.polls);
  const tallies = new Map(show.tallies);
  if (poll) polls.set(id, poll);
  else polls.delete(id);
  if (poll?.tally) tallies.set(id, poll.tally);
  if (!poll || poll.state === "DRAFT") tallies.delete(id);
  return { ...show, polls, tallies };
}

export type Phase = "open" | "locked" | "revealed";

export interface ShownPoll {
  readonly poll: Poll;
  readonly phase: Phase;
  /** How the votes are, once this viewer may see it. */
  readonly tally: Tally | undefined;
}

/**
 * The poll that belongs on the screen of a viewer whose playhead is at `playhead`: the one that opened last there.
 *
 * It opens, locks and is revealed at instants of the programme, so whoever is behind sees all of it later and has as long.
 */
export function shownPoll(show: Show, playhead: Date): ShownPoll | undefined {
  const at = playhead.getTime();
  const opened = [...show.polls.values()].filter(
    (poll) => !poll.isCancelled && (poll.state === "OPEN" || poll.state === "LOCKED" || poll.state === "REVEALED") && poll.opensAt != null && instant(poll.opensAt) <= at,
  );
  const [poll] = opened.sort((one, other) => instant(other.opensAt ?? "") - instant(one.opensAt ?? ""));
  if (!poll) return undefined;
  const phase = phaseAt(show, poll, at);
  const mayShow = phase === "revealed" || poll.reveal !== "AT_END";
  return { poll, phase, tally: mayShow ? show.tallies.get(poll.id) : undefined };
}

function phaseAt(show: Show, poll: Poll, at: number): Phase {
  if (poll.state === "REVEALED" && revealedBy(show, poll.id, at)) return "revealed";
  return poll.locksAt != null && instant(poll.locksAt) <= at ? "locked" : "open";
}

/** Results are a moment of the programme too. Where the moment is not known they are shown at once. */
function revealedBy(show: Show, pollId: string, at: number): boolean {
  const moment = [...show.moments.values()].find((one) => one.kind === "POLL_REVEALED" && one.pollId === pollId);
  return moment === undefined || instant(moment.presentAt) <= at;
}

/** What is said on the screen at an instant: the shout-outs that are not over. */
export function shoutOuts(show: Show, playhead: Date): ReadonlyArray<Moment> {
  const at = playhead.getTime();
  return [...show.moments.values()].filter(
    (moment) => moment.kind === "SHOUT_OUT" && instant(moment.presentAt) <= at && (moment.until == null || at < instant(moment.until)),
  );
}

function instant(text: string): number {
  return Date.parse(text);
}
