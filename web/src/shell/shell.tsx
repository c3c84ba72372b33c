import { type ReactNode, useEffect, useRef } from "react";
import { useViewer } from "../api/viewer";
import { pathTo } from "../router/route";
import { Link } from "../router/router";
import { AccountMenu } from "./account-menu";
import { Logo } from "./logo";
import "./shell.css";

interface ShellProps {
  readonly path: string;
  readonly children: ReactNode;
}

/** Header and main region around every page but the player. */
export function Shell({ path, children }: ShellProps) {
  const { isEditor } = useViewer();
  const main = useFocusOnMove(path);
  return (
    <>
      <a className="skip-link" href="#main">
        Skip to the page
      </a>
      <header className="shell-header">
        <Link to={pathTo.home} className="shell-home" aria-label="Marquee, home">
          <Logo />
        </Link>
        <nav aria-label="Main" className="shell-nav">
          <NavLink to={pathTo.home} label="Browse" current={path === pathTo.home} />
          <NavLink to={pathTo.search} label="Search" current={path === pathTo.search} />
          {isEditor && <NavLink to={pathTo.studio} label="Studio" current={path.startsWith(pathTo.studio)} />}
        </nav>
        <AccountMenu />
      </header>
      <main id="main" ref={main} tabIndex={-1} className="shell-main">
        {children}
      </main>
    </>
  );
}

interface NavLinkProps {
  readonly to: string;
  readonly label: string;
  readonly current: boolean;
}

function NavLink({ to, label, current }: NavLinkProps) {
  return (
    <Link to={to} className="shell-link" aria-current={current ? "page" : undefined}>
      {label}
    </Link>
  );
}

/** Where a page begins for somebody at the keyboard: at what is there to be filled in, or at its top. */
function startOf(main: HTMLElement | null): HTMLElement | null {
  return main?.querySelector<HTMLElement>("[data-start]") ?? main;
}

/** Moving to another page moves the focus to its start, as loading it anew would. */
function useFocusOnMove(path: string) {
  const main = useRef<HTMLElement>(null);
  const before = useRef(path);
  useEffect(() => {
    if (before.current !== path) startOf(main.current)?.focus({ preventScroll: true });
    before.current = path;
  }, [path]);
  return main;
}
