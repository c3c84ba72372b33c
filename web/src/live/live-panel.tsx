import { useState } from "react";
import { ChatPanel } from "./chat-panel";
import { PollCard } from "./poll-card";
import { QuestionsPanel } from "./questions-panel";
import { ReactionBar } from "./reaction-bar";
import { shoutOuts, shownPoll } from "./show";
import { usePlayhead, useShow } from "./use-show";
import "./live.css";

interface LivePanelProps {
  readonly streamId: string;
  /** What is on air where the playhead is, while something live plays. */
  readonly programmeTime: () => Date | undefined;
}

type Tab = "chat" | "questions";

/** What happens in a show beside its picture, when this viewer's picture is there. */
export function LivePanel({ streamId, programmeTime }: LivePanelProps) {
  const { show, ended } = useShow(streamId);
  const playhead = usePlayhead(programmeTime);
  const [tab, setTab] = useState<Tab>("chat");
  const poll = shownPoll(show, playhead);
  return (
    <aside className="live-panel" aria-label="Live">
      <header className="live-header">
        <span className="live-badge">Live</span>
        <h2>{show.stream?.name ?? " "}</h2>
        <span className="live-viewers">{show.viewers} watching</span>
      </header>
      {ended !== undefined && <p role="status">{ended}</p>}
      <div aria-live="polite">
        {shoutOuts(show, playhead).map((moment) => (
          <p key={moment.id} className="live-shout">
            {moment.text}
          </p>
        ))}
      </div>
      {poll && <PollCard key={poll.poll.id} shown={poll} playhead={playhead} />}
      <ReactionBar streamId={streamId} emojis={show.emojis} rates={show.rates} />
      <div className="live-tabs" role="tablist">
        {(["chat", "questions"] as const).map((name) => (
          <button key={name} type="button" role="tab" aria-selected={tab === name} onClick={() => setTab(name)}>
            {name === "chat" ? "Chat" : "Questions"}
          </button>
        ))}
      </div>
      {tab === "chat" ? <ChatPanel streamId={streamId} playhead={playhead} /> : <QuestionsPanel streamId={streamId} />}
    </aside>
  );
}
