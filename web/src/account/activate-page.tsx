import { type FormEvent, useState } from "react";
import { type ActivationRequest, answerDevice, lookUpDevice } from "../api/activation";
import { ApiFault } from "../api/client";
import { type Explanation, explainError } from "../api/problems";
import { pathTo } from "../router/route";
import { useDocumentTitle } from "../router/router";
import { Field, TextInput } from "../studio/fields";
import { Button, ButtonLink } from "../ui/button";
import { InlineProblem } from "../ui/notice";
import "../studio/fields.css";
import "./account.css";

type Stage = { readonly at: "entering" } | { readonly at: "asking"; readonly request: ActivationRequest } | { readonly at: "done"; readonly allowed: boolean };

/** Lets a television in, by the letters on its screen. */
export default function ActivatePage({ given }: { readonly given: string }) {
  useDocumentTitle("Connect a device");
  const [stage, setStage] = useState<Stage>({ at: "entering" });
  const [letters, setLetters] = useState(given);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Explanation>();

  const run = async (step: () => Promise<Stage>) => {
    setBusy(true);
    setRefused(undefined);
    try {
      setStage(await step());
    } catch (error) {
      setRefused(explain(error));
    } finally {
      setBusy(false);
    }
  };
  const look = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => ({ at: "asking", request: await lookUpDevice(letters) }));
  };
  const answer = (userCode: string, allowed: boolean) =>
    void run(async () => {
      await answerDevice(userCode, allowed);
      return { at: "done", allowed };
    });
  return (
    <div className="account-page activate">
      <h1>Connect a device</h1>
      <InlineProblem explanation={refused} />
      {stage.at === "entering" && (
        <form className="form" onSubmit={look}>
          <Field label="Letters on the screen" hint="Eight letters, such as BCDF-GHJK.">
            <TextInput
              required
              autoFocus
              autoComplete="off"
              autoCapitalize="characters"
              spellCheck={false}
              maxLength={20}
              className="activate-letters"
              value={letters}
              onChange={(event) => setLetters(event.target.value)}
            />
          </Field>
          <div className="form-actions">
            <Button look="bulb" type="submit" busy={busy}>
              Go on
            </Button>
          </div>
        </form>
      )}
      {stage.at === "asking" && <Question request={stage.request} busy={busy} onAnswer={answer} />}
      {stage.at === "done" && (
        <>
          <p role="status">{stage.allowed ? "Your device is connected. It goes on by itself in a moment." : "The device was turned away."}</p>
          <ButtonLink to={pathTo.home} look="bulb">
            To the programme
          </ButtonLink>
        </>
      )}
    </div>
  );
}

interface QuestionProps {
  readonly request: ActivationRequest;
  readonly busy: boolean;
  readonly onAnswer: (userCode: string, allowed: boolean) => void;
}

function Question({ request, busy, onAnswer }: QuestionProps) {
  return (
    <section aria-labelledby="asks">
      <h2 id="asks">{request.client.name} wants to be signed in as you</h2>
      <p className="panel-text">
        The letters on its screen are <strong>{request.userCode}</strong>. It may then:
      </p>
      <ul>
        {request.allows.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      {!request.isSameNetwork && (
        <p className="activate-warning" role="alert">
          This device is in another network than you. If somebody sent you these letters, do not connect it.
        </p>
      )}
      <div className="form-actions">
        <Button look="bulb" busy={busy} onClick={() => onAnswer(request.userCode, true)}>
          Connect it
        </Button>
        <Button look="plain" disabled={busy} onClick={() => onAnswer(request.userCode, false)}>
          Turn it away
        </Button>
      </div>
    </section>
  );
}

function explain(error: unknown): Explanation {
  if (error instanceof ApiFault && error.code === "NOT_FOUND") {
    return { title: "No device waits under these letters", advice: "Check them; after ten minutes a device shows new ones." };
  }
  return explainError(error);
}
