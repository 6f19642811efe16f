// Models of a project: reading and changing them.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api } from "./client";
import { everyPage } from "./pages";
import type { Model, ModelInput } from "./shapes";

export const modelsQuery = (project: string) =>
  queryOptions({
    queryKey: ["models", project],
    queryFn: () =>
      everyPage((cursor) =>
        answered(
          api.GET("/api/projects/{project_id}/models", {
            params: { path: { project_id: project }, query: { cursor } },
          }),
        ),
      ),
  });

/** Creates a model, or replaces the one called `before`. */
export function useSaveModel(project: string, before: string | null) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ModelInput): Promise<Model> =>
      before === null
        ? answered(
            api.POST("/api/projects/{project_id}/models", {
              params: { path: { project_id: project } },
              body,
            }),
          )
        : answered(
            api.PUT("/api/projects/{project_id}/models/{alias}", {
              params: { path: { project_id: project, alias: before } },
              body,
            }),
          ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["models", project] }),
  });
}

export function useDeleteModel(project: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (alias: string) =>
      answered(
        api.DELETE("/api/projects/{project_id}/models/{alias}", {
          params: { path: { project_id: project, alias } },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["models", project] }),
  });
}
