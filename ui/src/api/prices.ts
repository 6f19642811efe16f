// What models cost: the price list as the project pays it, and the prices it agreed with its vendors.
import {
  infiniteQueryOptions,
  keepPreviousData,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { answered, api } from "./client";
import { everyPage } from "./pages";
import type { PriceOverrideInput } from "./shapes";

const PAGE = 100;

/** `words` are looked for in the names of vendors and models. */
export const pricesQuery = (project: string, words: string) =>
  infiniteQueryOptions({
    queryKey: ["prices", project, "list", words],
    queryFn: ({ pageParam, signal }) =>
      answered(
        api.GET("/api/projects/{project_id}/prices", {
          params: {
            path: { project_id: project },
            query: { query: words, limit: PAGE, cursor: pageParam },
          },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });

export const ownPricesQuery = (project: string) =>
  queryOptions({
    queryKey: ["prices", project, "own"],
    queryFn: () =>
      everyPage((cursor) =>
        answered(
          api.GET("/api/projects/{project_id}/prices/overrides", {
            params: { path: { project_id: project }, query: { cursor } },
          }),
        ),
      ),
  });

/** Agrees on a price; it replaces the one for the same vendor, model and day. */
export function usePutPrice(project: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: PriceOverrideInput) =>
      answered(
        api.PUT("/api/projects/{project_id}/prices/overrides", {
          params: { path: { project_id: project } },
          body,
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["prices", project] }),
  });
}

export function useRemovePrice(project: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      answered(
        api.DELETE("/api/projects/{project_id}/prices/overrides/{override_id}", {
          params: { path: { project_id: project, override_id: id } },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["prices", project] }),
  });
}
