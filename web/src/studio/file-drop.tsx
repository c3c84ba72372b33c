import { type ChangeEvent, type DragEvent, useState } from "react";
import { Icon } from "../ui/icon";

interface FileDropProps {
  readonly label: string;
  readonly hint: string;
  readonly accept: string;
  readonly multiple?: boolean;
  readonly small?: boolean;
  readonly onFiles: (files: ReadonlyArray<File>) => void;
}

/** A file field that can also be dropped onto. */
export function FileDrop({ label, hint, accept, multiple = false, small = false, onFiles }: FileDropProps) {
  const [over, setOver] = useState(false);
  const take = (list: FileList | null) => {
    const files = [...(list ?? [])];
    if (files.length > 0) onFiles(multiple ? files : files.slice(0, 1));
  };
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    take(event.currentTarget.files);
    // Choosing the same file again must count as a choice.
    event.currentTarget.value = "";
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  const allow = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  return (
    <label
      className={small ? "drop drop-small" : "drop"}
      data-over={over}
      onDragOver={allow}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <input type="file" className="visually-hidden" accept={accept} multiple={multiple} onChange={choose} />
      <Icon name={small ? "plus" : "upload"} size={small ? 20 : 28} />
      <span className="drop-label">{label}</span>
      <span className="drop-hint">{hint}</span>
    </label>
  );
}
