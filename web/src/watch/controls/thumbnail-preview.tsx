import type { Thumbnail } from "../thumbnails";

const SHOWN_WIDTH_PX = 176;

interface ThumbnailPreviewProps {
  /** Where along the line, from 0 to 1. */
  readonly part: number;
  readonly time: string;
  readonly thumbnail: Thumbnail | undefined;
}

/** The picture and the time of the place pointed at. For the eye only: the slider says its own value. */
export function ThumbnailPreview({ part, time, thumbnail }: ThumbnailPreviewProps) {
  return (
    <span className="preview" style={{ "--at": part }} aria-hidden="true">
      {thumbnail && <Picture thumbnail={thumbnail} />}
      <span className="preview-time">{time}</span>
    </span>
  );
}

function Picture({ thumbnail }: { readonly thumbnail: Thumbnail }) {
  const scale = SHOWN_WIDTH_PX / thumbnail.width;
  return (
    <span className="preview-frame" style={{ width: SHOWN_WIDTH_PX, height: Math.round(thumbnail.height * scale) }}>
      <span
        className="preview-picture"
        style={{
          width: thumbnail.width,
          height: thumbnail.height,
          backgroundImage: `url(${JSON.stringify(thumbnail.url)})`,
          backgroundPosition: `-${thumbnail.x}px -${thumbnail.y}px`,
          transform: `scale(${scale})`,
        }}
      />
    </span>
  );
}
