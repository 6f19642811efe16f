// Limits and budgets: those that calls of a project keep, its organisation's among them.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api } from "./client";
import { everyPage } from "./pages";
import type { Limit, LimitInput } from "./shapes";

/** Whose place a limit is kept in: one of the organisation holds for all its projects. */
export interface LimitPlace {
  organisation: string;
  project: string;
}

export const limitsQuery = (project: string) =>
  queryOptions({
    queryKey: ["limits", project],
    queryFn: () =>
      everyPage((cursor) =>
        answered(
          api.GET("/api/projects/{project_id}/limits", {
            params: { path: { project_id: project }, query: { cursor } },
          }),
        ),
      ),
  });

/** Sets a limit; it replaces the one for the same scope, subject and kind. */
export function usePutLimit({ organisation, project }: LimitPlace) {
  return useChange((body: LimitInput) =>
    body.scope === "organisation"
      ? answered(
          api.PUT("/api/organisations/{organisation_id}/limits", {
            params: { path: { organisation_id: organisation } },
            body,
          }),
        )
      : answered(
          api.PUT("/api/projects/{project_id}/limits", { params: { path: { project_id: project } }, body }),
        ),
  );
}

export function useRemoveLimit({ organisation, project }: LimitPlace) {
  return useChange(({ id, scope }: Pick<Limit, "id" | "scope">) =>
    scope === "organisation"
      ? answered(
          api.DELETE("/api/organisations/{organisation_id}/limits/{limit_id}", {
            params: { path: { organisation_id: organisation, limit_id: id } },
          }),
        )
      : answered(
          api.DELETE("/api/projects/{project_id}/limits/{limit_id}", {
            params: { path: { project_id: project, limit_id: id } },
          }),
        ),
  );
}

function useChange<In, Out>(mutationFn: (sent: In) => Promise<Out>) {
  const queries = useQueryClient();
  // Of all projects: a limit of the organisation is listed in each of them.
  return useMutation({ mutationFn, onSuccess: () => queries.invalidateQueries({ queryKey: ["limits"] }) });
}
