import shaka from "shaka-player/dist/shaka-player.compiled-es2021.js";
import { rebase } from "./addresses";
import { type Fault, faultOf, isPlayerError } from "./faults";
import { keepPreferences, readPreferences } from "./preferences";
import { type PlayerSnapshot, emptySnapshot, readVideo } from "./snapshot";
import { audioChoices, audioId, AUTOMATIC, bestByHeight, NO_SUBTITLES, qualityChoices, subtitleChoices } from "./tracks";

export interface Source {
  readonly manifestUrl: string;
  readonly licenceUrl: string;
  /** Where to begin; undefined is the live edge. */
  readonly startS: number | undefined;
  readonly preferredLanguage: string;
}

const videoEvents = [
  "timeupdate", "durationchange", "progress", "play", "pause", "playing", "waiting", "seeking", "seeked",
  "ended", "volumechange", "ratechange", "loadeddata",
] as const;
const trackEvents = ["trackschanged", "adaptation", "variantchanged", "textchanged", "audiotrackchanged", "abrstatuschanged"];

/** Seconds of the buffer that stay when a quality is chosen by hand: enough not to stall, few enough to see it at once. */
const SWITCH_MARGIN_S = 2;

/** The one place that talks to shaka-player: plays a source in a video element and tells what it does. */
export class Engine {
  private readonly player = new shaka.Player();
  private readonly abort = new AbortController();
  private readonly listeners = new Set<() => void>();
  private current: PlayerSnapshot = emptySnapshot;
  private prefixes: { from: string; to: string } = { from: "", to: "" };
  /** Where the film is to begin. Until its first picture is there, this is the position to tell, not zero. */
  private startS: number | undefined;

  constructor(
    private readonly video: HTMLVideoElement,
    container: HTMLElement,
  ) {
    const { signal } = this.abort;
    video.addEventListener("loadeddata", () => (this.startS = undefined), { signal });
    for (const name of videoEvents) video.addEventListener(name, () => this.refresh(), { signal });
    for (const name of trackEvents) this.player.addEventListener(name, () => this.refreshTracks());
    this.player.addEventListener("buffering", () => this.refresh());
    this.player.addEventListener("error", (event) => this.fail("detail" in event ? event.detail : event));
    this.player.setVideoContainer(container);
    video.volume = readPreferences().volume;
    video.muted = readPreferences().muted;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): PlayerSnapshot => this.current;

  /** Loads and plays a source. What goes wrong is told through the snapshot's fault. */
  async load(source: Source): Promise<void> {
    this.startS = source.startS;
    this.refresh();
    try {
      await this.player.attach(this.video);
      this.configure(source);
      this.followPrefix();
      await this.player.load(new URL(source.manifestUrl, location.href).href, source.startS);
      this.restoreSubtitles();
      this.refreshTracks();
      await this.video.play();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The session's addresses have moved to another prefix: everything asked for from now on goes there. */
  movePrefix(from: string, to: string): void {
    this.prefixes = { from, to };
  }

  async destroy(): Promise<void> {
    this.abort.abort();
    this.listeners.clear();
    await this.player.destroy();
  }

  /** What is on air where the playhead is, on the programme clock; undefined of what is no live programme. */
  programmeTime(): Date | undefined {
    const at = this.programmeAtMs();
    return at === undefined ? undefined : new Date(at);
  }

  togglePlay(): void {
    if (this.video.paused) this.video.play().catch((error: unknown) => this.fail(error));
    else this.video.pause();
    this.refresh();
  }

  seek(positionS: number): void {
    const end = Number.isFinite(this.video.duration) ? this.video.duration : positionS;
    this.video.currentTime = Math.min(end, Math.max(0, positionS));
    this.refresh();
  }

  setVolume(volume: number): void {
    this.video.volume = Math.min(1, Math.max(0, volume));
    this.video.muted = this.video.volume === 0;
    keepPreferences({ volume: this.video.volume, muted: this.video.muted });
    this.refresh();
  }

  toggleMute(): void {
    this.video.muted = !this.video.muted;
    keepPreferences({ muted: this.video.muted });
    this.refresh();
  }

  setRate(rate: number): void {
    this.video.playbackRate = rate;
    this.refresh();
  }

  chooseQuality(id: string): void {
    this.player.configure({ abr: { enabled: id === AUTOMATIC } });
    const track = bestByHeight(this.player.getVideoTracks()).find((one) => String(one.height ?? 0) === id);
    if (track) this.player.selectVideoTrack(track, true, SWITCH_MARGIN_S);
    this.refreshTracks();
  }

  chooseAudio(id: string): void {
    const track = this.player.getAudioTracks().find((one) => audioId(one) === id);
    if (!track) return;
    this.player.selectAudioTrack(track);
    keepPreferences({ audioLanguage: track.language });
    this.refreshTracks();
  }

  chooseSubtitles(id: string): void {
    const track = this.player.getTextTracks().find((one) => String(one.id) === id);
    this.player.selectTextTrack(id === NO_SUBTITLES ? null : track);
    keepPreferences({ subtitleLanguage: track?.language ?? "" });
    this.refreshTracks();
  }

  setCaptionScale(scale: number): void {
    this.player.configure({ textDisplayer: { fontScaleFactor: scale } });
    keepPreferences({ captionScale: scale });
  }

  /** After the connection came back. */
  retry(): void {
    this.tell({ fault: undefined });
    this.player.retryStreaming();
  }

  private configure(source: Source): void {
    const kept = readPreferences();
    this.player.configure({
      drm: { servers: { "org.w3.clearkey": source.licenceUrl } },
      preferredAudio: [{ language: kept.audioLanguage ?? source.preferredLanguage }],
      streaming: { bufferingGoal: 30, rebufferingGoal: 1 },
      textDisplayer: { fontScaleFactor: kept.captionScale },
    });
  }

  private followPrefix(): void {
    const network = this.player.getNetworkingEngine();
    network?.clearAllRequestFilters();
    network?.registerRequestFilter((_type, request) => {
      const { from, to } = this.prefixes;
      if (from !== "") request.uris = request.uris.map((uri) => rebase(uri, from, to));
    });
  }

  private restoreSubtitles(): void {
    const { subtitleLanguage } = readPreferences();
    const wanted = this.player.getTextTracks().find((track) => track.language === subtitleLanguage && !track.forced);
    this.player.selectTextTrack(wanted ?? null);
  }

  private fail(error: unknown): void {
    // The browser wants a press before it plays with sound, or a newer load replaced this one: neither is a fault.
    if (error instanceof DOMException && (error.name === "NotAllowedError" || error.name === "AbortError")) return;
    if (!isPlayerError(error)) return this.tell({ fault: { kind: "media", code: 0 } });
    const interrupted = error.code === shaka.util.Error.Code.LOAD_INTERRUPTED;
    const recoverable = "severity" in error && error.severity === shaka.util.Error.Severity.RECOVERABLE;
    if (!interrupted && !recoverable) this.tell({ fault: faultOf(error) });
  }

  private refresh(): void {
    this.tell({ ...this.readVideo(), buffering: this.player.isBuffering(), programmeAtMs: this.programmeAtMs() });
  }

  private refreshTracks(): void {
    const automatic = this.player.getConfiguration().abr.enabled;
    this.tell({
      ...this.readVideo(),
      qualities: qualityChoices(this.player.getVideoTracks(), automatic),
      audio: audioChoices(this.player.getAudioTracks()),
      subtitles: subtitleChoices(this.player.getTextTracks()),
    });
  }

  /** The instant of the programme at the playhead; undefined on demand. */
  private programmeAtMs(): number | undefined {
    return this.player.isLive() ? this.player.getPlayheadTimeAsDate()?.getTime() : undefined;
  }

  private readVideo(): Partial<PlayerSnapshot> {
    const seen = readVideo(this.video);
    return this.startS === undefined ? seen : { ...seen, positionS: this.startS };
  }

  private tell(change: Partial<Omit<PlayerSnapshot, "fault">> & { readonly fault?: Fault | undefined }): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener();
  }
}
