// Vendor credentials of a project. Keys only travel to the server, never back.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api } from "./client";
import { everyPage } from "./pages";
import type { CredentialChange, NewCredential } from "./shapes";

export const credentialsQuery = (project: string) =>
  queryOptions({
    queryKey: ["credentials", project],
    queryFn: () =>
      everyPage((cursor) =>
        answered(
          api.GET("/api/projects/{project_id}/credentials", {
            params: { path: { project_id: project }, query: { cursor } },
          }),
        ),
      ),
  });

export function useAddCredential(project: string) {
  return useChange(project, (body: NewCredential) =>
    answered(
      api.POST("/api/projects/{project_id}/credentials", { params: { path: { project_id: project } }, body }),
    ),
  );
}

export function useChangeCredential(project: string, id: string) {
  return useChange(project, (body: CredentialChange) =>
    answered(
      api.PATCH("/api/projects/{project_id}/credentials/{credential_id}", {
        params: { path: { project_id: project, credential_id: id } },
        body,
      }),
    ),
  );
}

export function useDeleteCredential(project: string) {
  return useChange(project, (id: string) =>
    answered(
      api.DELETE("/api/projects/{project_id}/credentials/{credential_id}", {
        params: { path: { project_id: project, credential_id: id } },
      }),
    ),
  );
}

/** Asks the vendor whether the credential works; costs nothing. */
export function useCheckCredential(project: string) {
  return useMutation({
    mutationFn: (id: string) =>
      answered(
        api.POST("/api/projects/{project_id}/credentials/{credential_id}/check", {
          params: { path: { project_id: project, credential_id: id } },
        }),
      ),
  });
}

function useChange<In, Out>(project: string, mutationFn: (body: In) => Promise<Out>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: () => queries.invalidateQueries({ queryKey: ["credentials", project] }),
  });
}
