// Everything the list of traces reads from the server for one filter and one span of time.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { chartQuery, facetsQuery, summaryQuery, tracesQuery } from "../api/traces";
import { type Filter, writeFilter } from "../design/filter";
import type { Timespan } from "../design/timespan";
import { requestOf } from "./view";

const BUCKETS = 60;
/** A new call is to be seen within two seconds; totals may take a little longer. */
const LIST_EVERY_MS = 1500;
const TOTALS_EVERY_MS = 5000;

interface Wanted {
  project: string;
  filter: Filter;
  span: Timespan;
  live: boolean;
  /** Rows are only added on top while the top is in view. */
  atTop: boolean;
}

export function useTraces({ project, filter, span, live, atTop }: Wanted) {
  const key = useMemo(() => `${writeFilter(filter)} @ ${JSON.stringify(span)}`, [filter, span]);
  const filterNow = useCallback(() => requestOf(filter, span, Date.now()), [filter, span]);
  const every = live ? TOTALS_EVERY_MS : false;
  const list = useInfiniteQuery({
    ...tracesQuery(project, key, filterNow),
    refetchInterval: live && atTop ? LIST_EVERY_MS : false,
  });
  const summary = useQuery({ ...summaryQuery(project, key, filterNow), refetchInterval: every });
  const chart = useQuery({ ...chartQuery(project, key, filterNow, BUCKETS), refetchInterval: every });
  const facets = useQuery({ ...facetsQuery(project, key, filterNow), refetchInterval: every });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  return { list, rows, summary, chart, facets };
}
