// Traces of a project: the list, its totals, its chart, the values in it, and one trace whole.
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ApiError, answered, api } from "./client";
import type { paths } from "./schema";

type ListParameters = NonNullable<paths["/api/projects/{project_id}/traces"]["get"]["parameters"]["query"]>;

/** What the list can be narrowed by; times are ISO. */
export type TraceFilter = Omit<ListParameters, "cursor" | "limit" | "order">;

/** Makes the filter anew for each request, because a span such as "last hour" moves with the clock. */
export type FilterNow = () => TraceFilter;

const PAGE = 100;

export const tracesQuery = (project: string, key: string, filter: FilterNow) =>
  infiniteQueryOptions({
    queryKey: ["traces", project, key, "list"],
    queryFn: ({ pageParam, signal }) =>
      answered(
        api.GET("/api/projects/{project_id}/traces", {
          params: {
            path: { project_id: project },
            query: { ...filter(), limit: PAGE, cursor: pageParam },
          },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export const summaryQuery = (project: string, key: string, filter: FilterNow) =>
  queryOptions({
    queryKey: ["traces", project, key, "summary"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/projects/{project_id}/traces/summary", {
          params: { path: { project_id: project }, query: filter() },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const chartQuery = (project: string, key: string, filter: FilterNow, buckets: number) =>
  queryOptions({
    queryKey: ["traces", project, key, "chart", buckets],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/projects/{project_id}/traces/chart", {
          params: { path: { project_id: project }, query: { ...filter(), buckets } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const facetsQuery = (project: string, key: string, filter: FilterNow) =>
  queryOptions({
    queryKey: ["traces", project, key, "facets"],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/projects/{project_id}/traces/facets", {
          params: { path: { project_id: project }, query: filter() },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const traceQuery = (project: string, trace: string) =>
  queryOptions({
    queryKey: ["trace", project, trace],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/projects/{project_id}/traces/{trace_id}", {
          params: { path: { project_id: project, trace_id: trace } },
          signal,
        }),
      ),
    // Whoever comes straight from a call may be a moment earlier than its trace.
    retry: (count, failure) => count < 3 && failure instanceof ApiError && failure.status === 404,
    retryDelay: 700,
    // A trace that is still open grows; one that has ended does not.
    refetchInterval: (query) => (query.state.data?.trace.status === "unset" ? 2000 : false),
  });
