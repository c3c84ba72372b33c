import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { execute } from "../api/client";
import { newIdempotencyKey } from "../api/keys";
import { type Explanation, explainError, explainProblem } from "../api/problems";
import { type MessagePartsFragment, SendChatMessageDocument } from "../gql/operations";
import { InlineProblem } from "../ui/notice";
import { useChat } from "./use-chat";

interface ChatPanelProps {
  readonly streamId: string;
  readonly playhead: Date;
  /** What moderators can do with a message. */
  readonly actions?: (message: MessagePartsFragment) => ReactNode;
}

/** What is said beside a show. */
export function ChatPanel({ streamId, playhead, actions }: ChatPanelProps) {
  const { messages, pinned } = useChat(streamId);
  const [text, setText] = useState("");
  const [refused, setRefused] = useState<Explanation>();
  const end = useRef<HTMLLIElement>(null);
  useEffect(() => {
    end.current?.scrollIntoView({ block: "nearest" });
  }, [messages.length]);

  const send = async (event: FormEvent) => {
    event.preventDefault();
    setRefused(undefined);
    try {
      const input = { streamId, clientId: newIdempotencyKey(), text, mediaTime: playhead.toISOString() };
      const { sendChatMessage } = await execute(SendChatMessageDocument, { input });
      if (sendChatMessage.__typename === "ChatMessageSent") setText("");
      else setRefused(explainProblem(sendChatMessage));
    } catch (error) {
      setRefused(explainError(error));
    }
  };
  return (
    <section className="chat-panel" aria-label="Chat">
      {pinned && (
        <p className="chat-pinned">
          <strong>Pinned:</strong> {pinned.text}
        </p>
      )}
      <ul className="chat-messages" aria-live="polite">
        {messages.map((message) => (
          <li key={message.id} data-staff={message.isByStaff}>
            <strong>{message.authorName ?? "Somebody"}</strong> {message.text}
            {actions?.(message)}
          </li>
        ))}
        <li ref={end} aria-hidden="true" />
      </ul>
      <form onSubmit={(event) => void send(event)}>
        <input className="field-control" aria-label="Message" value={text} maxLength={500} required onChange={(event) => setText(event.target.value)} />
        <button type="submit" className="button button-velvet">
          Send
        </button>
      </form>
      <InlineProblem explanation={refused} />
    </section>
  );
}
