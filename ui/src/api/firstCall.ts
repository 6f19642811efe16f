// What a newcomer needs to make a call, and whether one has arrived.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "./client";

export const firstCallQuery = (project: string) =>
  queryOptions({
    queryKey: ["first-call", project],
    queryFn: () =>
      answered(
        api.GET("/api/projects/{project_id}/first-call", { params: { path: { project_id: project } } }),
      ),
    // Until the first call is there, somebody is waiting for it.
    refetchInterval: (query) => (query.state.data?.has_calls === false ? 2000 : false),
  });
