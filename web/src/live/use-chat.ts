import { useEffect, useReducer } from "react";
import { follow } from "../api/subscribe";
import { ChatDocument, type ChatSubscription, type MessagePartsFragment } from "../gql/operations";

type Message = MessagePartsFragment;

export interface Said {
  readonly messages: ReadonlyArray<Message>;
  readonly pinned: Message | undefined;
}

const nothing: Said = { messages: [], pinned: undefined };
/** What scrolls away is not kept. */
const KEPT = 200;

function said(before: Said, event: ChatSubscription["chat"]): Said {
  switch (event.__typename) {
    case "ChatSnapshot":
      return { messages: event.messages, pinned: event.chat.pinnedMessage ?? undefined };
    case "ChatMessages": {
      const known = new Set(before.messages.map((one) => one.id));
      return { ...before, messages: [...before.messages, ...event.messages.filter((one) => !known.has(one.id))].slice(-KEPT) };
    }
    case "ChatMessagesGone":
      return { ...before, messages: before.messages.filter((one) => !event.messageIds.includes(one.id)) };
    case "ChatUpdate":
      return { ...before, pinned: event.chat.pinnedMessage ?? undefined };
  }
}

/** What is said in a show. */
export function useChat(streamId: string): Said {
  const [{ messages, pinned }, tell] = useReducer(said, nothing);
  useEffect(
    () => follow(ChatDocument, { streamId }, { next: ({ chat }) => tell(chat), ended: () => undefined }),
    [streamId],
  );
  return { messages: messages.filter((one) => !one.isRemoved), pinned: pinned?.isRemoved ? undefined : pinned };
}
