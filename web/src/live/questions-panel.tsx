import { type FormEvent, useEffect, useState } from "react";
import { execute } from "../api/client";
import { newIdempotencyKey } from "../api/keys";
import { type Explanation, explainError, explainProblem } from "../api/problems";
import { subscribe } from "../api/subscribe";
import { AskQuestionDocument, TopQuestionsDocument, type TopQuestionsSubscription, UpvoteQuestionDocument } from "../gql/operations";
import { InlineProblem } from "../ui/notice";

type Questions = TopQuestionsSubscription["topQuestions"]["questions"];

/** What viewers want to know, the most wanted first. */
export function QuestionsPanel({ streamId }: { readonly streamId: string }) {
  const [questions, setQuestions] = useState<Questions>([]);
  const [text, setText] = useState("");
  const [said, setSaid] = useState("");
  const [refused, setRefused] = useState<Explanation>();
  useEffect(
    () =>
      subscribe(TopQuestionsDocument, { streamId }, {
        next: ({ topQuestions }) => setQuestions(topQuestions.questions),
        ended: () => undefined,
      }),
    [streamId],
  );
  const ask = async (event: FormEvent) => {
    event.preventDefault();
    setRefused(undefined);
    try {
      const { askQuestion } = await execute(AskQuestionDocument, { input: { streamId, clientId: newIdempotencyKey(), text } });
      if (askQuestion.__typename !== "QuestionAsked") return setRefused(explainProblem(askQuestion));
      setText("");
      setSaid("Your question is with the host.");
    } catch (error) {
      setRefused(explainError(error));
    }
  };
  const upvote = (questionId: string) =>
    void execute(UpvoteQuestionDocument, { input: { questionId } }).then(
      ({ upvoteQuestion }) => upvoteQuestion.__typename !== "QuestionUpvoted" && setRefused(explainProblem(upvoteQuestion)),
      (error: unknown) => setRefused(explainError(error)),
    );
  return (
    <section className="questions-panel" aria-label="Questions">
      <ul>
        {questions.map((question) => (
          <li key={question.id} data-pinned={question.isPinned}>
            <span>{question.text}</span>
            <button type="button" aria-label={`Upvote: ${question.text}`} onClick={() => upvote(question.id)}>
              ▲ {question.upvotes}
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={(event) => void ask(event)}>
        <input className="field-control" aria-label="Question" value={text} maxLength={500} required onChange={(event) => setText(event.target.value)} />
        <button type="submit" className="button button-velvet">
          Ask
        </button>
      </form>
      <p role="status">{said}</p>
      <InlineProblem explanation={refused} />
    </section>
  );
}
