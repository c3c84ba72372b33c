import type { ReactNode } from "react";
import { useDocumentTitle } from "../router/router";
import "../studio/fields.css";
import "./entry.css";

interface EntryFrameProps {
  readonly title: string;
  readonly hint?: ReactNode;
  readonly children: ReactNode;
}

/** The front of the house: the sign, and below it one thing to do. */
export function EntryFrame({ title, hint, children }: EntryFrameProps) {
  useDocumentTitle(title);
  return (
    <main className="signin">
      <div className="sign">
        <p className="sign-name">Marquee</p>
        <p className="sign-line">Now showing, in your own language</p>
      </div>
      <section className="entry" aria-labelledby="entry-title">
        <h1 id="entry-title">{title}</h1>
        {hint && <p className="signin-hint">{hint}</p>}
        {children}
      </section>
    </main>
  );
}
