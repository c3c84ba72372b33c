import { useEffect, useReducer } from "react";
import { follow } from "../api/subscribe";
import { ChatDocument, type ChatSubscription, type MessagePartsFragment } from "../gql/operations";

type Messages = ReadonlyArray<MessagePartsFragment>;
/** What scrolls away is not kept. */
const KEPT = 200;

function said(messages: Messages, event: ChatSubscription["chat"]): Messages {
  switch (event.__typename) {
    case "ChatSnapshot":
      return event.messages;
    case "ChatMessages": {
      const known = new Set(messages.map((one) => one.id));
      return [...messages, ...event.messages.filter((one) => !known.has(one.id))].slice(-KEPT);
    }
    case "ChatMessagesGone":
      return messages.filter((one) => !event.messageIds.includes(one.id));
    default:
      return messages;
  }
}

/** What is said in a show. */
export function useChat(streamId: string): Messages {
  const [messages, tell] = useReducer(said, []);
  useEffect(
    () => follow(ChatDocument, { streamId }, { next: ({ chat }) => tell(chat), ended: () => undefined }),
    [streamId],
  );
  return messages.filter((one) => !one.isRemoved);
}
