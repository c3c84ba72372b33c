import { Icon } from "../ui/icon";
import { Select } from "./fields";
import { languageOptions } from "./languages";
import { type SideFile, type SideKind, sideKinds } from "./side-files";

interface SideFileListProps {
  readonly sides: ReadonlyArray<SideFile>;
  readonly onChange: (sides: ReadonlyArray<SideFile>) => void;
}

/** The files beside the clip, each with its language and what it is for. */
export function SideFileList({ sides, onChange }: SideFileListProps) {
  if (sides.length === 0) return null;
  const replace = (index: number, change: Partial<SideFile>) =>
    onChange(sides.map((side, at) => (at === index ? { ...side, ...change } : side)));
  return (
    <ul className="sides">
      {sides.map((side, index) => (
        <li key={`${side.file.name}:${index}`}>
          <span className="sides-name">{side.file.name}</span>
          <Select
            aria-label={`Language of ${side.file.name}`}
            value={side.language}
            options={languageOptions().map(({ tag, name }) => ({ value: tag, label: name }))}
            onChange={(event) => replace(index, { language: event.currentTarget.value })}
          />
          <Select
            aria-label={`What ${side.file.name} is for`}
            value={side.kind}
            options={sideKinds}
            onChange={(event) => replace(index, { kind: event.currentTarget.value as SideKind })}
          />
          <button
            type="button"
            className="sides-remove"
            aria-label={`Remove ${side.file.name}`}
            onClick={() => onChange(sides.filter((_, at) => at !== index))}
          >
            <Icon name="close" size={20} />
          </button>
        </li>
      ))}
    </ul>
  );
}
