// Members of an organisation, and its projects.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api } from "./client";
import { everyPage } from "./pages";
import type { MemberInvitation, Role } from "./shapes";

export const membersQuery = (organisation: string) =>
  queryOptions({
    queryKey: ["members", organisation],
    queryFn: () =>
      everyPage((cursor) =>
        answered(
          api.GET("/api/organisations/{organisation_id}/members", {
            params: { path: { organisation_id: organisation }, query: { cursor } },
          }),
        ),
      ),
  });

export function useAddMember(organisation: string) {
  return useChange(["members", organisation], (body: MemberInvitation) =>
    answered(
      api.POST("/api/organisations/{organisation_id}/members", {
        params: { path: { organisation_id: organisation } },
        body,
      }),
    ),
  );
}

export function useChangeRole(organisation: string) {
  return useChange(["members", organisation], ({ user, role }: { user: string; role: Role }) =>
    answered(
      api.PATCH("/api/organisations/{organisation_id}/members/{user_id}", {
        params: { path: { organisation_id: organisation, user_id: user } },
        body: { role },
      }),
    ),
  );
}

export function useRemoveMember(organisation: string) {
  return useChange(["members", organisation], (user: string) =>
    answered(
      api.DELETE("/api/organisations/{organisation_id}/members/{user_id}", {
        params: { path: { organisation_id: organisation, user_id: user } },
      }),
    ),
  );
}

export function useCreateProject(organisation: string) {
  return useChange(["session"], (name: string) =>
    answered(
      api.POST("/api/organisations/{organisation_id}/projects", {
        params: { path: { organisation_id: organisation } },
        body: { name },
      }),
    ),
  );
}

export function useRenameProject(project: string) {
  return useChange(["session"], (name: string) =>
    answered(
      api.PATCH("/api/projects/{project_id}", { params: { path: { project_id: project } }, body: { name } }),
    ),
  );
}

export function useDeleteProject(project: string) {
  return useChange(["session"], () =>
    answered(api.DELETE("/api/projects/{project_id}", { params: { path: { project_id: project } } })),
  );
}

function useChange<In, Out>(queryKey: string[], mutationFn: (body: In) => Promise<Out>) {
  const queries = useQueryClient();
  return useMutation({ mutationFn, onSuccess: () => queries.invalidateQueries({ queryKey }) });
}
