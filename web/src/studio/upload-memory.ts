/** Where a file is being uploaded to. */
export interface UploadAddress {
  readonly id: string;
  readonly url: string;
}

const PREFIX = "marquee.upload:";

/** Two files with the same name, size and time of change are taken for the same file. */
function keyOf(file: File): string {
  return `${PREFIX}${file.name}:${file.size}:${file.lastModified}`;
}

export function rememberedUpload(file: File): UploadAddress | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(file)) ?? "null");
    return isAddress(kept) ? kept : undefined;
  } catch {
    // Blocked or damaged storage: the file is uploaded from its start.
    return undefined;
  }
}

export function rememberUpload(file: File, address: UploadAddress): void {
  try {
    localStorage.setItem(keyOf(file), JSON.stringify(address));
  } catch {
    return;
  }
}

export function forgetUpload(file: File): void {
  try {
    localStorage.removeItem(keyOf(file));
  } catch {
    return;
  }
}

function isAddress(value: unknown): value is UploadAddress {
  return typeof value === "object" && value !== null && "id" in value && "url" in value;
}
