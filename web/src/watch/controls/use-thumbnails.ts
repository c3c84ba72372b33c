import { useEffect, useState } from "react";
import { parseThumbnails, type Thumbnail } from "../thumbnails";

const none: ReadonlyArray<Thumbnail> = [];

/** Loads the thumbnail track. Without it the seek bar shows times only. */
export function useThumbnails(url: string | undefined): ReadonlyArray<Thumbnail> {
  const [thumbnails, setThumbnails] = useState(none);
  useEffect(() => {
    if (url === undefined) return;
    const abort = new AbortController();
    const address = new URL(url, location.href).href;
    load(address, abort.signal).then(setThumbnails, () => setThumbnails(none));
    return () => abort.abort();
  }, [url]);
  return thumbnails;
}

async function load(url: string, signal: AbortSignal): Promise<ReadonlyArray<Thumbnail>> {
  const response = await fetch(url, { signal });
  return response.ok ? parseThumbnails(await response.text(), url) : none;
}
