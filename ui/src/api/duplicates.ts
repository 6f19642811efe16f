// Calls that came twice or were answered from the cache, and the project's rules about them.
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api } from "./client";
import type { DuplicateRulesInput } from "./shapes";

export const duplicatesQuery = (project: string, hours: number) =>
  queryOptions({
    queryKey: ["duplicates", project, "report", hours],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/projects/{project_id}/duplicates", {
          params: { path: { project_id: project }, query: { hours } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const duplicateRulesQuery = (project: string) =>
  queryOptions({
    queryKey: ["duplicates", project, "rules"],
    queryFn: () =>
      answered(
        api.GET("/api/projects/{project_id}/duplicates/rules", { params: { path: { project_id: project } } }),
      ),
  });

export function useReplaceDuplicateRules(project: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: DuplicateRulesInput) =>
      answered(
        api.PUT("/api/projects/{project_id}/duplicates/rules", {
          params: { path: { project_id: project } },
          body,
        }),
      ),
    onSuccess: (rules) => queries.setQueryData(duplicateRulesQuery(project).queryKey, rules),
  });
}
