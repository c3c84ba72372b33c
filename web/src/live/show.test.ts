import { describe, expect, test } from "vitest";
import { after, emptyShow, type Moment, type Poll, type Show, shoutOuts, shownPoll } from "./show";

const at = (seconds: number) => new Date(Date.UTC(2030, 0, 1, 20, 0, seconds));
const text = (seconds: number) => at(seconds).toISOString();

const poll: Poll = {
  id: "poll", kind: "SINGLE", state: "OPEN", question: "Who wins?", options: [], minChoices: 1, maxChoices: 1, points: 0,
  reveal: "AT_END", allowsChange: true, opensAt: text(10), locksAt: text(30), finalAt: text(90), isCancelled: false,
  tally: null, version: 2,
};
const moment = (id: string, kind: Moment["kind"], seconds: number, until?: number): Moment => ({
  id, kind, presentAt: text(seconds), until: until === undefined ? null : text(until), pollId: "poll", text: "Hello",
});
const withPoll = (changes: Partial<Poll>): Show => after(emptyShow, { __typename: "PollUpdate", pollId: "poll", poll: { ...poll, ...changes } });

describe.each([2, 20, 45])("a viewer who is %i seconds behind", (behind) => {
  const seen = (show: Show, wall: number) => shownPoll(show, at(wall - behind));

  test("sees a poll open when its own picture is there, although it knows of it before", () => {
    const show = withPoll({});
    expect(seen(show, 10 + behind - 1)).toBeUndefined();
    expect(seen(show, 10 + behind)?.phase).toBe("open");
  });

  test("may vote for twenty seconds, as everybody", () => {
    const show = withPoll({ state: "LOCKED" });
    expect(seen(show, 30 + behind - 1)?.phase).toBe("open");
    expect(seen(show, 30 + behind)?.phase).toBe("locked");
  });

  test("sees no result before its own picture shows it", () => {
    const tally = { voters: 3, average: null, options: [] };
    const show = after(withPoll({ state: "REVEALED", tally }), { __typename: "MomentAnnounced", moment: moment("m", "POLL_REVEALED", 100) });
    expect(seen(show, 100 + behind - 1)).toMatchObject({ phase: "locked", tally: undefined });
    expect(seen(show, 100 + behind)).toMatchObject({ phase: "revealed", tally });
  });

  test("reads a shout-out for as long as everybody", () => {
    const show = after(emptyShow, { __typename: "MomentAnnounced", moment: moment("m", "SHOUT_OUT", 50, 60) });
    const read = (wall: number) => shoutOuts(show, at(wall - behind)).length;
    expect([read(49 + behind), read(50 + behind), read(59 + behind), read(60 + behind)]).toEqual([0, 1, 1, 0]);
  });
});

test("a poll that its host takes back is gone, with its votes", () => {
  const open = after(withPoll({ reveal: "LIVE" }), { __typename: "TallyUpdate", pollId: "poll", tally: { voters: 1, average: null, options: [] } });
  expect(shownPoll(open, at(15))?.tally?.voters).toBe(1);
  const back = after(open, { __typename: "PollUpdate", pollId: "poll", poll: { ...poll, state: "DRAFT", opensAt: null } });
  expect(shownPoll(back, at(15))).toBeUndefined();
  expect(back.tallies.size).toBe(0);
});

test("the poll that opened last is shown, and a cancelled one never", () => {
  const later: Poll = { ...poll, id: "later", opensAt: text(20), locksAt: null };
  const both = after(withPoll({}), { __typename: "PollUpdate", pollId: "later", poll: later });
  expect(shownPoll(both, at(15))?.poll.id).toBe("poll");
  expect(shownPoll(both, at(25))?.poll.id).toBe("later");
  const cancelled = after(both, { __typename: "PollUpdate", pollId: "later", poll: { ...later, isCancelled: true } });
  expect(shownPoll(cancelled, at(25))?.poll.id).toBe("poll");
});
