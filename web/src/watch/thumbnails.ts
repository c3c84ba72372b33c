/** One picture inside a sprite sheet, and the seconds of the film it stands for. */
export interface Thumbnail {
  readonly startS: number;
  readonly endS: number;
  readonly url: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Reads a thumbnail track: WebVTT cues whose payload is `sprite.jpg#xywh=x,y,w,h`, relative to the track's address
 * (Media Fragments URI 1.0, section 4.2.2). Cues that say anything else are left out.
 */
export function parseThumbnails(track: string, trackUrl: string): ReadonlyArray<Thumbnail> {
  const blocks = track.replace(/\r\n?/g, "\n").split(/\n{2,}/);
  return blocks.flatMap((block) => thumbnailOf(block, trackUrl) ?? []);
}

function thumbnailOf(block: string, trackUrl: string): Thumbnail | undefined {
  const lines = block.split("\n").filter((line) => line.trim() !== "");
  const at = lines.findIndex((line) => line.includes("-->"));
  const payload = lines[at + 1];
  if (at < 0 || payload === undefined) return undefined;
  const [start, end] = (lines[at] ?? "").split("-->").map((part) => parseTimestamp(part.trim().split(/\s/)[0] ?? ""));
  const area = /^(.+)#xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)$/.exec(payload.trim());
  if (start === undefined || end === undefined || area === null) return undefined;
  const [, sheet = "", x, y, width, height] = area;
  return {
    startS: start,
    endS: end,
    url: new URL(sheet, trackUrl).href,
    x: Number(x),
    y: Number(y),
    width: Number(width),
    height: Number(height),
  };
}

/** A WebVTT timestamp (`mm:ss.mmm` or `hh:mm:ss.mmm`) in seconds. */
export function parseTimestamp(text: string): number | undefined {
  const match = /^(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})$/.exec(text);
  if (match === null) return undefined;
  const [, hours = "0", minutes, seconds, milliseconds] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(milliseconds) / 1000;
}

/** The picture for a position; past the last one, the last one. Thumbnails are in the order of time. */
export function thumbnailAt(thumbnails: ReadonlyArray<Thumbnail>, positionS: number): Thumbnail | undefined {
  let low = 0;
  let high = thumbnails.length - 1;
  let found: Thumbnail | undefined;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const candidate = thumbnails[middle];
    if (candidate !== undefined && candidate.startS <= positionS) {
      found = candidate;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return found;
}
