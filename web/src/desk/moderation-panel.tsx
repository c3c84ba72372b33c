import { useEffect } from "react";
import { execute } from "../api/client";
import { type DeskQuery, ModerateQuestionDocument, PinChatMessageDocument, type QuestionState, RemoveChatMessageDocument, TimeOutAuthorDocument } from "../gql/operations";
import { ChatPanel } from "../live/chat-panel";
import { useNow } from "./use-now";
import { Panel } from "../studio/panel";
import type { Act } from "./desk-page";

type Questions = DeskQuery["questions"]["nodes"];

interface ModerationPanelProps {
  readonly streamId: string;
  readonly questions: Questions;
  readonly act: Act;
  readonly reload: () => void;
}

const LOOK_EVERY_MS = 5_000;
const TIME_OUT_S = 300;

/** What viewers ask and say, and what is done about it. */
export function ModerationPanel({ streamId, questions, act, reload }: ModerationPanelProps) {
  const now = useNow();
  // What waits for approval is told to nobody, so it is looked at.
  useEffect(() => {
    const timer = setInterval(reload, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [reload]);

  const moderate = (question: Questions[number], state: QuestionState) =>
    void act(async () => (await execute(ModerateQuestionDocument, { input: { questionId: question.id, expectedVersion: question.version, state } })).moderateQuestion);
  const remove = (chatMessageId: string) =>
    void act(async () => (await execute(RemoveChatMessageDocument, { input: { chatMessageId } })).removeChatMessage);
  const pin = (chatMessageId: string) =>
    void act(async () => (await execute(PinChatMessageDocument, { input: { streamId, chatMessageId } })).pinChatMessage);
  const timeOut = (chatMessageId: string) =>
    void act(async () => (await execute(TimeOutAuthorDocument, { input: { chatMessageId, seconds: TIME_OUT_S } })).timeOutAuthor);
  return (
    <>
      <Panel heading="Questions">
        {questions.length === 0 && <p className="panel-text">Nobody has asked anything yet.</p>}
        <ul className="desk-list">
          {questions.map((question) => (
            <li key={question.id} data-state={question.state}>
              <span>
                {question.text} <small>▲ {question.upvotes}</small>
              </span>
              <span className="desk-acts">
                {question.state === "PENDING" && (
                  <button type="button" onClick={() => moderate(question, "APPROVED")}>
                    Approve
                  </button>
                )}
                {question.state === "APPROVED" && (
                  <button type="button" onClick={() => moderate(question, "ANSWERED")}>
                    Answered
                  </button>
                )}
                <button type="button" onClick={() => moderate(question, "HIDDEN")}>
                  Hide
                </button>
              </span>
            </li>
          ))}
        </ul>
      </Panel>
      <Panel heading="Chat">
        <ChatPanel
          streamId={streamId}
          playhead={now}
          actions={(message) => (
            <span className="desk-acts">
              <button type="button" onClick={() => pin(message.id)}>
                Pin
              </button>
              <button type="button" onClick={() => remove(message.id)}>
                Remove
              </button>
              <button type="button" onClick={() => timeOut(message.id)}>
                Time out
              </button>
            </span>
          )}
        />
      </Panel>
    </>
  );
}
