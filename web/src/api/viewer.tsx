import { createContext, type ReactNode, useCallback, useContext, useMemo } from "react";
import { CurrentViewerDocument, type CurrentViewerQuery } from "../gql/operations";
import { type Persona, signInAs, signOut } from "./session";
import { forgetAnswers, type QueryState, useQuery } from "./use-query";

export type Viewer = NonNullable<CurrentViewerQuery["viewer"]>;

export interface ViewerSession {
  readonly state: QueryState<CurrentViewerQuery>;
  readonly viewer: Viewer | null;
  readonly isEditor: boolean;
  readonly signIn: (persona: Persona) => Promise<void>;
  readonly signOut: () => Promise<void>;
  /** To be called when somebody has been let in by a door of their own. */
  readonly entered: () => void;
  readonly reload: () => void;
}

const ViewerContext = createContext<ViewerSession | null>(null);

/** Knows who is signed in, for everything below it. */
export function ViewerProvider({ children }: { readonly children: ReactNode }) {
  const [state, reload] = useQuery(CurrentViewerDocument, {});

  const change = useCallback(
    async (ask: () => Promise<void>) => {
      await ask();
      forgetAnswers();
      reload();
    },
    [reload],
  );

  const session = useMemo<ViewerSession>(() => {
    const viewer = state.phase === "ready" ? (state.data.viewer ?? null) : null;
    return {
      state,
      viewer,
      isEditor: viewer?.roles.includes("EDITOR") ?? false,
      signIn: (persona) => change(() => signInAs(persona)),
      signOut: () => change(signOut),
      entered: () => void change(() => Promise.resolve()),
      reload,
    };
  }, [state, change, reload]);

  return <ViewerContext value={session}>{children}</ViewerContext>;
}

export function useViewer(): ViewerSession {
  const session = useContext(ViewerContext);
  if (session === null) throw new Error("useViewer is called below ViewerProvider.");
  return session;
}
