import { useCallback, useEffect, useRef, useState } from "react";
import { execute } from "../api/client";
import { type HomeQuery, MoreOfShelfDocument, MoreShelvesDocument } from "../gql/operations";
import { extended, type HomeRow, newest, rowsOf } from "./rows";

interface Rows {
  readonly rows: ReadonlyArray<HomeRow>;
  readonly hasMore: boolean;
  readonly moreRows: () => void;
  readonly moreOf: (row: HomeRow) => void;
}

/** The rows of the home screen, which grow downwards and sideways as they are looked at. */
export function useRows(data: HomeQuery): Rows {
  const [rows, setRows] = useState(() => begun(data));
  const [after, setAfter] = useState(() => placeOf(data.home.pageInfo));
  const asking = useRef(new Set<string>());

  useEffect(() => {
    setRows(begun(data));
    setAfter(placeOf(data.home.pageInfo));
  }, [data]);

  /** Asks once at a time; what cannot be had now is asked for again when somebody gets there again. */
  const once = useCallback((key: string, ask: () => Promise<void>) => {
    if (asking.current.has(key)) return;
    asking.current.add(key);
    void ask()
      .catch(() => undefined)
      .finally(() => asking.current.delete(key));
  }, []);

  const moreRows = useCallback(() => {
    if (after === undefined) return;
    once(after, async () => {
      const { home } = await execute(MoreShelvesDocument, { after });
      setRows((held) => [...held, ...rowsOf(home.nodes).filter((row) => held.every((one) => one.id !== row.id))]);
      setAfter(placeOf(home.pageInfo));
    });
  }, [after, once]);

  const moreOf = useCallback(
    (row: HomeRow) => {
      const from = row.after;
      if (from === undefined) return;
      once(row.id + from, async () => {
        const { node } = await execute(MoreOfShelfDocument, { id: row.id, after: from });
        const page = node?.__typename === "HomeRow" ? node.titles : null;
        setRows((held) => held.map((one) => (one.id === row.id && one.after === from ? extended(one, page) : one)));
      });
    },
    [once],
  );

  return { rows, hasMore: after !== undefined, moreRows, moreOf };
}

function begun(data: HomeQuery): ReadonlyArray<HomeRow> {
  const arranged = rowsOf(data.home.nodes);
  return arranged.length > 0 ? arranged : newest(data.titles.nodes);
}

function placeOf(info: HomeQuery["home"]["pageInfo"]): string | undefined {
  return info.hasNextPage ? (info.endCursor ?? undefined) : undefined;
}
