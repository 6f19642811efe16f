// Drills of a project: those that were played, one of them, starting and stopping.
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api } from "./client";
import type { Drill, ScenarioInput } from "./shapes";

const PLAYING_EVERY_MS = 1000;
const LIST_EVERY_MS = 3000;

export function isUnderWay(state: Drill["state"]): boolean {
  return state === "waiting" || state === "running";
}

/** Newest first. */
export const drillsQuery = (project: string) =>
  queryOptions({
    queryKey: ["drills", project],
    queryFn: async () =>
      (
        await answered(
          api.GET("/api/projects/{project_id}/drills", { params: { path: { project_id: project } } }),
        )
      ).items,
    refetchInterval: (query) =>
      query.state.data?.some((drill) => isUnderWay(drill.state)) ? LIST_EVERY_MS : false,
  });

export const drillQuery = (project: string, id: string) =>
  queryOptions({
    queryKey: ["drills", project, id],
    queryFn: () =>
      answered(
        api.GET("/api/projects/{project_id}/drills/{drill_id}", {
          params: { path: { project_id: project, drill_id: id } },
        }),
      ),
    refetchInterval: (query) =>
      query.state.data && isUnderWay(query.state.data.state) ? PLAYING_EVERY_MS : false,
  });

export function useStartDrill(project: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ScenarioInput): Promise<Drill> =>
      answered(
        api.POST("/api/projects/{project_id}/drills", { params: { path: { project_id: project } }, body }),
      ),
    onSuccess: (drill) => {
      queries.setQueryData(drillQuery(project, drill.id).queryKey, drill);
      return queries.invalidateQueries({ queryKey: ["drills", project], exact: true });
    },
  });
}

export function useStopDrill(project: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string): Promise<Drill> =>
      answered(
        api.POST("/api/projects/{project_id}/drills/{drill_id}/stop", {
          params: { path: { project_id: project, drill_id: id } },
        }),
      ),
    onSuccess: (drill) => {
      queries.setQueryData(drillQuery(project, drill.id).queryKey, drill);
      return queries.invalidateQueries({ queryKey: ["drills", project], exact: true });
    },
  });
}
