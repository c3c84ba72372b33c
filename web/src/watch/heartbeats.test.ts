import { beforeEach, describe, expect, test } from "vitest";
import { type Beat, type BeatOutcome, Heartbeats } from "./heartbeats";

const INTERVAL_MS = 20_000;

let sent: Beat[];
let stops: Array<{ sequence: number; positionSeconds: number }>;
let position: number;
let planned: { run: () => void; delayMs: number } | undefined;
let answer: ((outcome: BeatOutcome) => void) | undefined;

beforeEach(() => {
  sent = [];
  stops = [];
  position = 0;
  planned = undefined;
  answer = undefined;
});

function make(): Heartbeats {
  const held = new Heartbeats(
    {
      observe: () => ({ positionSeconds: position, state: "PLAYING" }),
      send: (beat) => {
        sent.push(beat);
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
      sendStop: (last) => stops.push(last),
      schedule: (run, delayMs) => {
        planned = { run, delayMs };
        return () => {
          planned = undefined;
        };
      },
    },
    INTERVAL_MS,
  );
  held.start();
  return held;
}

async function settle(outcome: BeatOutcome): Promise<void> {
  answer?.(outcome);
  await Promise.resolve();
  await Promise.resolve();
}

describe("heartbeats", () => {
  test("go out each interval with a growing sequence", async () => {
    make();
    for (const at of [20, 40]) {
      position = at;
      expect(planned?.delayMs).toBe(INTERVAL_MS);
      planned?.run();
      await settle("accepted");
    }
    expect(sent).toEqual([
      { sequence: 1, positionSeconds: 20, state: "PLAYING" },
      { sequence: 2, positionSeconds: 40, state: "PLAYING" },
    ]);
  });

  test("never overlap: a wish during one is granted once, after it", async () => {
    const heartbeats = make();
    heartbeats.beatNow();
    position = 7;
    heartbeats.beatNow();
    heartbeats.beatNow();
    expect(sent).toHaveLength(1);
    await settle("accepted");
    expect(sent.map((beat) => [beat.sequence, beat.positionSeconds])).toEqual([
      [1, 0],
      [2, 7],
    ]);
    await settle("accepted");
    expect(sent).toHaveLength(2);
  });

  test("that were lost come again soon, with a new number", async () => {
    make();
    planned?.run();
    await settle("lost");
    expect(planned?.delayMs).toBe(INTERVAL_MS / 4);
    planned?.run();
    expect(sent.map((beat) => beat.sequence)).toEqual([1, 2]);
  });

  test("end when the session is over, and then there is nothing to stop", async () => {
    const heartbeats = make();
    heartbeats.beatNow();
    await settle("over");
    expect(planned).toBeUndefined();
    heartbeats.beatNow();
    heartbeats.stop();
    expect([sent.length, stops.length]).toEqual([1, 0]);
  });

  test("stop once, with the last position and a higher number than any beat", async () => {
    const heartbeats = make();
    heartbeats.beatNow();
    position = 12.5;
    heartbeats.stop();
    heartbeats.stop();
    await settle("accepted");
    expect(stops).toEqual([{ sequence: 2, positionSeconds: 12.5 }]);
    expect(planned).toBeUndefined();
  });
});
