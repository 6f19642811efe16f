// How calls are routed: what the project allows, and where a call would go now.
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api } from "./client";
import type { ExplainInput, Vendor } from "./shapes";

export const routingQuery = (project: string) =>
  queryOptions({
    queryKey: ["routing", project],
    queryFn: () =>
      answered(api.GET("/api/projects/{project_id}/routing", { params: { path: { project_id: project } } })),
  });

/** Sets which vendors may be asked after another one's content filter refused. */
export function useAllowVendors(project: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (vendors: Vendor[]) =>
      answered(
        api.PUT("/api/projects/{project_id}/routing", {
          params: { path: { project_id: project } },
          body: { policy_block_vendors: vendors },
        }),
      ),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["routing", project] }),
        queries.invalidateQueries({ queryKey: ["explain", project] }),
      ]),
  });
}

/** Where such a call would go. Nobody is called, so it may be asked again and again. */
export const explainQuery = (project: string, call: ExplainInput) =>
  queryOptions({
    queryKey: ["explain", project, call],
    queryFn: ({ signal }) =>
      answered(
        api.POST("/api/projects/{project_id}/explain", {
          params: { path: { project_id: project } },
          body: call,
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    refetchInterval: 5000,
  });
