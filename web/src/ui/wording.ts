/** How lengths, times, languages and places are written for people. Pure, and tested. */

const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3600;

function whole(seconds: number): number {
  return Number.isFinite(seconds) && seconds > 0 ? Math.floor(seconds) : 0;
}

/** A clock position: `4:05`, `1:02:09`. */
export function clockTime(seconds: number): string {
  const total = whole(seconds);
  const hours = Math.floor(total / SECONDS_PER_HOUR);
  const minutes = Math.floor((total % SECONDS_PER_HOUR) / SECONDS_PER_MINUTE);
  const rest = String(total % SECONDS_PER_MINUTE).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** The same position as a screen reader should say it: `1 hour 2 minutes 9 seconds`. */
export function spokenTime(seconds: number): string {
  const total = whole(seconds);
  const parts = [
    counted(Math.floor(total / SECONDS_PER_HOUR), "hour"),
    counted(Math.floor((total % SECONDS_PER_HOUR) / SECONDS_PER_MINUTE), "minute"),
    counted(total % SECONDS_PER_MINUTE, "second"),
  ].filter((part) => part !== "");
  return parts.length > 0 ? parts.join(" ") : "0 seconds";
}

/** How long a film runs: `48 s`, `12 min`, `1 h 42 min`. */
export function runningTime(seconds: number): string {
  const total = Math.round(seconds);
  if (total < SECONDS_PER_MINUTE) return `${total} s`;
  const minutes = Math.round(total / SECONDS_PER_MINUTE);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** What is left: `about 40 s left`, `3 min left`. */
export function remainingTime(seconds: number): string {
  return seconds < SECONDS_PER_MINUTE ? `about ${Math.max(1, Math.round(seconds))} s left` : `${runningTime(seconds)} left`;
}

function counted(count: number, unit: string): string {
  if (count === 0) return "";
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

/** A language tag in English: `de` → `German`; a tag nobody knows is shown as it is. */
export function languageName(tag: string): string {
  if (tag === "" || tag === "und") return "Unknown language";
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** A territory code in English: `DE` → `Germany`; `*` → `Everywhere`. */
export function territoryName(code: string): string {
  if (code === "*") return "Everywhere";
  try {
    return new Intl.DisplayNames(["en"], { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** A file's size with a decimal unit: `640 kB`, `12.4 MB`. */
export function fileSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  const step = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return `${value >= 100 || step === 1 ? Math.round(value) : value.toFixed(1)} ${units[step - 1]}`;
}

/** A moment in the viewer's own clock: `23 Nov 2026, 04:40`. */
export function moment(iso: string): string {
  return new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}
