import type { ReactNode } from "react";
import type { Explanation } from "../api/problems";
import { Button } from "./button";
import { Icon, type IconName } from "./icon";
import "./notice.css";

interface NoticeProps {
  readonly explanation: Explanation;
  readonly icon?: IconName;
  readonly onRetry?: () => void;
  readonly children?: ReactNode;
}

/** A whole panel that says why there is nothing to show, and what to do about it. */
export function Notice({ explanation, icon = "warning", onRetry, children }: NoticeProps) {
  return (
    <section className="notice" role="alert">
      <span className="notice-icon">
        <Icon name={icon} size={30} />
      </span>
      <h2>{explanation.title}</h2>
      <p>{explanation.advice}</p>
      <div className="notice-actions">
        {onRetry && (
          <Button look="bulb" icon="replay" onClick={onRetry}>
            Try again
          </Button>
        )}
        {children}
      </div>
    </section>
  );
}

/** One line inside a form: what was refused. */
export function InlineProblem({ explanation }: { readonly explanation: Explanation | undefined }) {
  return (
    <div role="alert" className="inline-problem-slot">
      {explanation && (
        <p className="inline-problem">
          <Icon name="warning" size={18} />
          <span>
            <strong>{explanation.title}.</strong> {explanation.advice}
          </span>
        </p>
      )}
    </div>
  );
}
