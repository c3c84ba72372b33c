import { pathTo } from "../router/route";
import { Link } from "../router/router";
import { Icon } from "../ui/icon";

interface TopBarProps {
  readonly titleId: string;
  readonly name: string;
  readonly onHelp: () => void;
}

/** The way out, what is on, and the list of keys. */
export function TopBar({ titleId, name, onHelp }: TopBarProps) {
  return (
    <header className="top-bar">
      <Link to={pathTo.title(titleId)} className="control" aria-label={`Back to ${name}`}>
        <Icon name="back" />
      </Link>
      <h1>{name}</h1>
      <button type="button" className="control top-bar-help" aria-label="Keyboard shortcuts" onClick={onHelp}>
        <Icon name="help" />
      </button>
    </header>
  );
}
