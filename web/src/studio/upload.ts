import { DetailedError, Upload } from "tus-js-client";
import { ApiFault, execute } from "../api/client";
import { CreateUploadDocument } from "../gql/operations";
import { forgetUpload, rememberedUpload, rememberUpload, type UploadAddress } from "./upload-memory";

/** Large enough to be quick, small enough that a broken connection loses little. */
const CHUNK_BYTES = 8 * 1024 * 1024;
const RETRY_DELAYS_MS = [0, 1000, 3000, 5000, 10_000];
// The upload of last time has expired, was ended, or belongs to somebody else now.
const GONE_STATUSES: ReadonlySet<number> = new Set([403, 404, 410]);

export interface UploadWatch {
  /** Bytes that have arrived, of `file.size`. */
  readonly onProgress: (sentBytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Sends a file by tus and gives the upload's id. A file that was begun before, even before a reload, goes on
 * from where it stopped. Rejects with an AbortError when `signal` fires; what has arrived stays for next time.
 */
export async function uploadFile(file: File, watch: UploadWatch): Promise<string> {
  const begun = rememberedUpload(file);
  if (begun !== undefined) {
    try {
      return await send(file, begun, watch);
    } catch (error) {
      if (!isGone(error)) throw error;
      forgetUpload(file);
    }
  }
  const created = await create(file);
  rememberUpload(file, created);
  return send(file, created, watch);
}

async function create(file: File): Promise<UploadAddress> {
  const mediaType = file.type === "" ? "application/octet-stream" : file.type;
  const input = { fileName: file.name, mediaType, sizeBytes: file.size };
  const { createUpload } = await execute(CreateUploadDocument, { input });
  if (createUpload.__typename !== "UploadCreated") throw new ApiFault(createUpload.message, createUpload.code);
  return { id: createUpload.upload.id, url: createUpload.upload.url };
}

function send(file: File, address: UploadAddress, watch: UploadWatch): Promise<string> {
  return new Promise((resolve, reject) => {
    const upload = new Upload(file, {
      uploadUrl: address.url,
      chunkSize: CHUNK_BYTES,
      retryDelays: [...RETRY_DELAYS_MS],
      storeFingerprintForResuming: false,
      onProgress: (sentBytes) => watch.onProgress(sentBytes),
      onSuccess: () => resolve(address.id),
      onError: reject,
    });
    const stop = () => {
      void upload.abort();
      reject(new DOMException("The upload was paused.", "AbortError"));
    };
    watch.signal.addEventListener("abort", stop, { once: true });
    upload.start();
  });
}

function isGone(error: unknown): boolean {
  return error instanceof DetailedError && GONE_STATUSES.has(error.originalResponse?.getStatus() ?? 0);
}
