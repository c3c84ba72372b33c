import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { execute } from "../api/client";
import { SuggestionsDocument, type SuggestionsQuery } from "../gql/operations";
import { pathTo } from "../router/route";
import { go } from "../router/router";
import { Icon } from "../ui/icon";
import { TEXT_MAX_CHARS } from "./address";
import "./search-box.css";

type Suggestion = SuggestionsQuery["suggestions"][number];

interface SearchBoxProps {
  readonly text: string;
  readonly onSearch: (text: string) => void;
}

const PAUSE_MS = 150;

/** A field that suggests titles while somebody types: a combobox with a list, after the ARIA Authoring Practices. */
export function SearchBox({ text, onSearch }: SearchBoxProps) {
  const [typed, setTyped] = useState(text);
  const [chosenId, setChosenId] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const suggestions = useSuggestions(isOpen ? typed : "");
  const list = useId();
  useEffect(() => setTyped(text), [text]);
  // By its title: an answer that comes late must not take the choice away, or give it to another.
  const chosen = suggestions.findIndex((suggestion) => suggestion.title.id === chosenId);

  const done = () => {
    setOpen(false);
    const suggestion = suggestions[chosen];
    if (suggestion === undefined) onSearch(typed.trim());
    else go(pathTo.title(suggestion.title.id));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && suggestions.length > 0) {
      event.preventDefault();
      // Beyond either end nothing is chosen, and what was typed is what will be searched.
      const places = suggestions.length + 1;
      const next = ((chosen + 1 + step + places) % places) - 1;
      setChosenId(suggestions[next]?.title.id ?? null);
    } else if (event.key === "Escape") {
      setOpen(false);
    }
  };
  const shown = isOpen && suggestions.length > 0;
  return (
    <form
      role="search"
      className="search-box"
      onSubmit={(event) => {
        event.preventDefault();
        done();
      }}
    >
      <Icon name="search" size={22} />
      <input
        type="search"
        role="combobox"
        aria-label="Search titles, people and genres"
        aria-expanded={shown}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={chosen >= 0 ? `${list}-${chosen}` : undefined}
        placeholder="Titles, people, genres"
        autoComplete="off"
        maxLength={TEXT_MAX_CHARS}
        value={typed}
        data-start=""
        onChange={(event) => {
          setTyped(event.target.value);
          setChosenId(null);
          setOpen(true);
        }}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
      />
      <ul id={list} role="listbox" aria-label="Suggestions" className="search-suggestions" hidden={!shown}>
        {suggestions.map((suggestion, at) => (
          <li
            key={suggestion.title.id}
            id={`${list}-${at}`}
            role="option"
            aria-selected={at === chosen}
            onPointerDown={(event) => {
              event.preventDefault();
              go(pathTo.title(suggestion.title.id));
            }}
          >
            <span>{suggestion.text}</span>
            {suggestion.title.releaseYear && <span className="search-year">{suggestion.title.releaseYear}</span>}
          </li>
        ))}
      </ul>
    </form>
  );
}

/** What may be meant, a moment after the last key; the last answer stays until the next is there. */
function useSuggestions(typed: string): ReadonlyArray<Suggestion> {
  const [suggestions, setSuggestions] = useState<ReadonlyArray<Suggestion>>([]);
  useEffect(() => {
    const text = typed.trim();
    if (text === "") {
      setSuggestions([]);
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      execute(SuggestionsDocument, { text }, { signal: abort.signal }).then(
        (data) => setSuggestions(data.suggestions),
        () => undefined,
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [typed]);
  return suggestions;
}
