import { pathTo } from "../router/route";
import { Button, ButtonLink } from "../ui/button";

interface EndCardProps {
  readonly titleId: string;
  readonly onAgain: () => void;
}

/** After the last frame. */
export function EndCard({ titleId, onAgain }: EndCardProps) {
  return (
    <section className="stage-panel" aria-labelledby="the-end">
      <h2 id="the-end">The end</h2>
      <div className="stage-panel-actions">
        <ButtonLink to={pathTo.home} look="bulb">
          Find something else
        </ButtonLink>
        <Button icon="replay" onClick={onAgain}>
          Watch again
        </Button>
        <ButtonLink to={pathTo.title(titleId)} look="plain">
          Back to the title
        </ButtonLink>
      </div>
    </section>
  );
}
