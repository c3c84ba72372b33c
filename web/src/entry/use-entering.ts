import { useState } from "react";
import { type Outcome, type SecondFactor } from "../api/entry";
import { type Explanation, explainError } from "../api/problems";
import { useViewer } from "../api/viewer";
import { pathTo } from "../router/route";
import { go } from "../router/router";
import { askedAfterProvider, goOnward } from "./onward";

export interface Entering {
  readonly busy: boolean;
  readonly refused: Explanation | undefined;
  /** What is asked for after the first factor, once it is. */
  readonly asked: SecondFactor | undefined;
  readonly enter: (ask: () => Promise<Outcome>) => Promise<void>;
  readonly startOver: () => void;
}

/** Lets somebody in, or says what is missing or wrong. */
export function useEntering(onOther?: (outcome: Outcome) => void, explain: (error: unknown) => Explanation | undefined = explainError): Entering {
  const { entered } = useViewer();
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Explanation>();
  const [asked, setAsked] = useState(() => askedAfterProvider(location.hash));

  const enter = async (ask: () => Promise<Outcome>) => {
    setBusy(true);
    setRefused(undefined);
    try {
      const outcome = await ask();
      if (outcome.kind === "second-factor") setAsked(outcome.asked);
      else if (outcome.kind === "in") {
        if (goOnward()) return;
        if (outcome.mustEnrol) go(pathTo.enrol, { replace: true });
        else if (isEntryAddress(location.pathname)) go(pathTo.home, { replace: true });
        entered();
      } else onOther?.(outcome);
    } catch (error) {
      // A browser's own dialogue that was closed is nothing to complain about.
      if (!(error instanceof DOMException)) setRefused(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return { busy, refused, asked, enter, startOver: () => setAsked(undefined) };
}

function isEntryAddress(path: string): boolean {
  return [pathTo.signIn, pathTo.signUp, pathTo.verify, pathTo.forgot, pathTo.reset].includes(path);
}
