import { execute } from "../api/client";
import { PublishTitleDocument, WithdrawTitleDocument } from "../gql/operations";
import { pathTo } from "../router/route";
import { Button, ButtonLink } from "../ui/button";
import { Icon } from "../ui/icon";
import { InlineProblem } from "../ui/notice";
import { moment } from "../ui/wording";
import { Panel } from "./panel";
import type { StudioTitle } from "./title-editor-page";
import { useAct } from "./use-act";

interface PublishPanelProps {
  readonly title: StudioTitle;
  readonly onChanged: (what: string) => void;
}

/** The switch that puts a title on the screen, and takes it off. */
export function PublishPanel({ title, onChanged }: PublishPanelProps) {
  const { busy, refused, act } = useAct();
  const input = { titleId: title.id, expectedVersion: title.version };
  const publish = async () => {
    const done = await act(async () => (await execute(PublishTitleDocument, { input })).publishTitle);
    if (done) onChanged("Published");
  };
  const withdraw = async () => {
    const done = await act(async () => (await execute(WithdrawTitleDocument, { input })).withdrawTitle);
    if (done) onChanged("Withdrawn from the screen");
  };
  const showing = title.state === "PUBLISHED";
  return (
    <Panel heading="On the screen" done={showing}>
      {showing && title.publishedAt && <p className="panel-text">Showing since {moment(title.publishedAt)}.</p>}
      {!showing && <Checklist title={title} />}
      <InlineProblem explanation={refused} />
      <div className="form-actions">
        {showing ? (
          <>
            <ButtonLink to={pathTo.watch(title.id)} look="bulb" icon="play">
              Watch it
            </ButtonLink>
            <Button look="danger" busy={busy} onClick={() => void withdraw()}>
              Withdraw
            </Button>
          </>
        ) : (
          <Button look="bulb" busy={busy} onClick={() => void publish()}>
            Publish
          </Button>
        )}
      </div>
    </Panel>
  );
}

function Checklist({ title }: { readonly title: StudioTitle }) {
  const steps = [
    { said: "The clip is ready to play", done: title.asset?.state === "READY" },
    { said: "At least one right says where and when", done: title.rights.length > 0 },
  ];
  return (
    <ul className="checklist">
      {steps.map((step) => (
        <li key={step.said} data-done={step.done}>
          <Icon name={step.done ? "check" : "close"} size={18} />
          <span>
            {step.said}
            {!step.done && <span className="visually-hidden"> (not yet)</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
