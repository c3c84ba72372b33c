import type { PlayerState } from "../gql/operations";

export interface Beat {
  readonly sequence: number;
  readonly positionSeconds: number;
  readonly state: PlayerState;
}

/** What became of one beat: the lease was renewed, the session is over, or nobody answered. */
export type BeatOutcome = "accepted" | "over" | "lost";

export interface HeartbeatPorts {
  /** What the player does right now. */
  readonly observe: () => { readonly positionSeconds: number; readonly state: PlayerState };
  readonly send: (beat: Beat) => Promise<BeatOutcome>;
  /** The last word; it must outlive the page. */
  readonly sendStop: (last: { readonly sequence: number; readonly positionSeconds: number }) => void;
  /** Runs something later; the returned function forgets it. */
  readonly schedule: (run: () => void, delayMs: number) => () => void;
}

/** A lost beat is repeated after this part of the interval, well inside the lease. */
const RETRY_PART = 4;

/**
 * Keeps one playback session alive: a beat every interval, and at once when something worth telling happened.
 *
 * Sequence numbers only grow, also when a beat was lost, and at most one beat is under way: so the API never sees
 * an older position after a newer one. After `stop`, or once the session is over, nothing more is sent.
 */
export class Heartbeats {
  private sequence = 0;
  private underWay = false;
  private wanted = false;
  private finished = false;
  private forget: () => void = () => undefined;

  constructor(
    private readonly ports: HeartbeatPorts,
    private readonly intervalMs: number,
  ) {}

  start(): void {
    this.plan(this.intervalMs);
  }

  /** Tells the position now: after a seek, a pause, or when the page is hidden. */
  beatNow(): void {
    if (this.finished) return;
    if (this.underWay) this.wanted = true;
    else void this.beat();
  }

  stop(): void {
    if (this.finished) return;
    this.finish();
    this.sequence += 1;
    this.ports.sendStop({ sequence: this.sequence, positionSeconds: this.ports.observe().positionSeconds });
  }

  /** Ends without a word: the session is already over on the other side. */
  finish(): void {
    this.finished = true;
    this.forget();
  }

  private async beat(): Promise<void> {
    this.forget();
    this.underWay = true;
    this.sequence += 1;
    const outcome = await this.ports.send({ sequence: this.sequence, ...this.ports.observe() });
    this.underWay = false;
    if (outcome === "over") this.finish();
    if (this.finished) return;
    if (this.wanted) {
      this.wanted = false;
      void this.beat();
      return;
    }
    this.plan(outcome === "lost" ? this.intervalMs / RETRY_PART : this.intervalMs);
  }

  private plan(delayMs: number): void {
    this.forget();
    this.forget = this.ports.schedule(() => void this.beat(), delayMs);
  }
}
