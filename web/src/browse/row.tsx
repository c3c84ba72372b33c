import { Children, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Icon } from "../ui/icon";
import "./row.css";

interface RowProps {
  readonly heading: string;
  readonly children: ReactNode;
  /** Called when the last cards come into view. */
  readonly onNearEnd?: () => void;
}

interface Edges {
  readonly before: boolean;
  readonly after: boolean;
}

/** A shelf of cards that scrolls sideways: by touch, by wheel, by the Tab key, or by its two buttons. */
export function Row({ heading, children, onNearEnd }: RowProps) {
  const id = useId();
  const shelf = useRef<HTMLUListElement>(null);
  const edges = useEdges(shelf, onNearEnd);
  const turn = (direction: -1 | 1) => {
    const width = shelf.current?.clientWidth ?? 0;
    shelf.current?.scrollBy({ left: direction * width * 0.85, behavior: "smooth" });
  };
  return (
    <section className="row" aria-labelledby={id}>
      <header className="row-header">
        <h2 id={id}>{heading}</h2>
        {(edges.before || edges.after) && (
          <div className="row-turners">
            <Turner label={`Earlier in ${heading}`} icon="back" possible={edges.before} onTurn={() => turn(-1)} />
            <Turner label={`Further in ${heading}`} icon="forward" possible={edges.after} onTurn={() => turn(1)} />
          </div>
        )}
      </header>
      <ul className="row-shelf" ref={shelf}>
        {Children.map(children, (child) => (
          <li>{child}</li>
        ))}
      </ul>
    </section>
  );
}

interface TurnerProps {
  readonly label: string;
  readonly icon: "back" | "forward";
  readonly possible: boolean;
  readonly onTurn: () => void;
}

function Turner({ label, icon, possible, onTurn }: TurnerProps) {
  return (
    <button type="button" className="row-turner" aria-label={label} disabled={!possible} onClick={onTurn}>
      <Icon name={icon} size={20} />
    </button>
  );
}

function useEdges(shelf: { readonly current: HTMLUListElement | null }, onNearEnd?: () => void): Edges {
  const [edges, setEdges] = useState<Edges>({ before: false, after: false });
  const nearEnd = useRef(onNearEnd);
  nearEnd.current = onNearEnd;
  useEffect(() => {
    const element = shelf.current;
    if (element === null) return;
    const measure = () => {
      const before = element.scrollLeft > 4;
      const after = element.scrollLeft + element.clientWidth < element.scrollWidth - 4;
      if (element.scrollLeft + element.clientWidth * 2 > element.scrollWidth) nearEnd.current?.();
      setEdges((held) => (held.before === before && held.after === after ? held : { before, after }));
    };
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      watcher.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, [shelf]);
  return edges;
}
