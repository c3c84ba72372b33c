import { useEffect, useRef } from "react";
import { Button } from "../ui/button";
import { explainFault, type Fault } from "./faults";

interface FaultPanelProps {
  readonly fault: Fault;
  readonly onRetry: () => void;
  readonly onRestart: () => void;
}

/** Says what broke the picture. What the network broke goes on by itself once the browser is online again. */
export function FaultPanel({ fault, onRetry, onRestart }: FaultPanelProps) {
  const { title, advice } = explainFault(fault);
  const latest = useRef(onRetry);
  latest.current = onRetry;
  useEffect(() => {
    if (fault.kind !== "network") return;
    const back = () => latest.current();
    window.addEventListener("online", back);
    return () => window.removeEventListener("online", back);
  }, [fault.kind]);
  return (
    <section className="stage-panel" role="alert">
      <h2>{title}</h2>
      <p>{advice}</p>
      {fault.kind !== "unsupported" && (
        <div className="stage-panel-actions">
          <Button look="bulb" icon="replay" onClick={onRestart}>
            Carry on watching
          </Button>
        </div>
      )}
    </section>
  );
}
