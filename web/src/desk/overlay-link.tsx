import { useState } from "react";
import { execute } from "../api/client";
import { CreateOverlayLinkDocument } from "../gql/operations";
import { Panel } from "../studio/panel";
import { Button } from "../ui/button";
import type { Act } from "./desk-page";

/** A link for the software that mixes the picture: a see-through page with the poll and the reactions. */
export function OverlayLink({ streamId, act }: { readonly streamId: string; readonly act: Act }) {
  const [url, setUrl] = useState("");
  const make = () =>
    void act(async () => {
      const { createOverlayLink } = await execute(CreateOverlayLinkDocument, { input: { streamId } });
      if (createOverlayLink.__typename === "OverlayLinkCreated") setUrl(createOverlayLink.url);
      return createOverlayLink;
    });
  return (
    <Panel heading="Overlay">
      <p className="panel-text">Add this address to your mixer as a browser source. Whoever has it may look; it works for twelve hours.</p>
      {url === "" ? (
        <Button onClick={make}>Make a link</Button>
      ) : (
        <input className="field-control" aria-label="Address of the overlay" readOnly value={url} onFocus={(event) => event.target.select()} />
      )}
    </Panel>
  );
}
