import { type ReactNode, useId } from "react";
import { Icon } from "../ui/icon";

interface PanelProps {
  readonly heading: string;
  /** Whether this part is done; undefined where that makes no sense. */
  readonly done?: boolean;
  readonly children: ReactNode;
}

/** One part of a title's way to the screen. */
export function Panel({ heading, done, children }: PanelProps) {
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id}>
      <header className="panel-header">
        <h2 id={id}>{heading}</h2>
        {done && (
          <span className="panel-done">
            <Icon name="check" size={18} /> Done
          </span>
        )}
      </header>
      {children}
    </section>
  );
}
