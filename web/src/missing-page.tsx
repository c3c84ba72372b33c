import { pathTo } from "./router/route";
import { useDocumentTitle } from "./router/router";
import { ButtonLink } from "./ui/button";
import { Notice } from "./ui/notice";

export function MissingPage() {
  useDocumentTitle("Not found");
  return (
    <Notice
      icon="film"
      explanation={{ title: "No screen behind this door", advice: "The address may be mistyped, or the page has moved." }}
    >
      <ButtonLink to={pathTo.home} look="bulb">
        Back to the lobby
      </ButtonLink>
    </Notice>
  );
}
