import { useRef, useState } from "react";
import { useViewer } from "../api/viewer";
import { pathTo } from "../router/route";
import { go, Link } from "../router/router";
import { Icon } from "../ui/icon";
import { useDismiss } from "../ui/use-dismiss";
import { territoryName } from "../ui/wording";

/** Who is signed in, and the way out. */
export function AccountMenu() {
  const { viewer, signOut } = useViewer();
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  useDismiss(frame, open, () => setOpen(false), opener);
  if (viewer === null) return null;

  const leave = () => {
    go(pathTo.home, { replace: true });
    // Should the request fail, the next page load still shows the viewer as signed in.
    signOut().catch(() => setOpen(false));
  };
  return (
    <div className="account" ref={frame}>
      <button
        ref={opener}
        type="button"
        className="account-opener"
        aria-expanded={open}
        aria-controls="account-panel"
        aria-label={`Account: ${viewer.displayName}`}
        onClick={() => setOpen(!open)}
      >
        <Icon name="person" size={20} />
        <span className="account-name">{viewer.displayName}</span>
      </button>
      {open && (
        <div id="account-panel" className="account-panel">
          <p className="account-who">{viewer.displayName}</p>
          <p className="account-where">
            <Icon name="globe" size={16} /> Watching from {territoryName(viewer.territory)}
          </p>
          <Link to={pathTo.profiles} className="account-leave" onClick={() => setOpen(false)}>
            <Icon name="forward" size={20} /> {viewer.profile.name}: change profile
          </Link>
          <Link to={pathTo.account} className="account-leave" onClick={() => setOpen(false)}>
            <Icon name="person" size={20} /> Your account
          </Link>
          <button type="button" className="account-leave" onClick={leave}>
            <Icon name="leave" size={20} /> Sign out
          </button>
        </div>
      )}
    </div>
  );
}
