// API keys of a project.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api } from "./client";
import { everyPage } from "./pages";

export const keysQuery = (project: string) =>
  queryOptions({
    queryKey: ["keys", project],
    queryFn: () =>
      everyPage((cursor) =>
        answered(
          api.GET("/api/projects/{project_id}/keys", {
            params: { path: { project_id: project }, query: { cursor } },
          }),
        ),
      ),
  });

/** The answer carries the secret, this once. */
export function useCreateKey(project: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (name: string) =>
      answered(
        api.POST("/api/projects/{project_id}/keys", {
          params: { path: { project_id: project } },
          body: { name },
        }),
      ),
    // The secret must not outlive the dialog that shows it.
    gcTime: 0,
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ["keys", project] }),
        queries.invalidateQueries({ queryKey: ["first-call", project] }),
      ]),
  });
}

export function useRevokeKey(project: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      answered(
        api.DELETE("/api/projects/{project_id}/keys/{key_id}", {
          params: { path: { project_id: project, key_id: id } },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["keys", project] }),
  });
}
