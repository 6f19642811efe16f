// Models and their deployments at work: what they did lately, in service or not, a test call, what they cost.
import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { answered, api } from "./client";
import type { TestCallInput, Vendor } from "./shapes";

export const activityQuery = (project: string, alias: string) =>
  queryOptions({
    queryKey: ["activity", project, alias],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/projects/{project_id}/models/{alias}/activity", {
          params: { path: { project_id: project, alias }, query: { hours: 24 } },
          signal,
        }),
      ),
    refetchInterval: 10_000,
  });

/** What the callers of every model of the project saw, in one answer. */
export const modelsActivityQuery = (project: string) =>
  queryOptions({
    queryKey: ["activity", project],
    queryFn: ({ signal }) =>
      answered(
        api.GET("/api/projects/{project_id}/models/activity", {
          params: { path: { project_id: project }, query: { hours: 24 } },
          signal,
        }),
      ),
    refetchInterval: 10_000,
  });

/** Takes a deployment out of service or puts it back; calls under way finish. */
export function useSetEnabled(project: string, alias: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, enabled }: { name: string; enabled: boolean }) =>
      answered(
        api.PUT("/api/projects/{project_id}/models/{alias}/deployments/{name}/enabled", {
          params: { path: { project_id: project, alias, name } },
          body: { enabled },
        }),
      ),
    onSuccess: () =>
      Promise.all(
        ["models", "activity", "explain"].map((key) =>
          queries.invalidateQueries({ queryKey: [key, project] }),
        ),
      ),
  });
}

/** One real call; it may take up to 30 seconds. */
export function useTestCall(project: string, alias: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: TestCallInput) =>
      answered(
        api.POST("/api/projects/{project_id}/models/{alias}/test", {
          params: { path: { project_id: project, alias } },
          body,
        }),
      ),
    onSettled: () =>
      Promise.all(
        ["models", "activity", "explain"].map((key) =>
          queries.invalidateQueries({ queryKey: [key, project] }),
        ),
      ),
  });
}

export interface Priced {
  vendor: Vendor;
  model: string;
  base_model: string;
  base_url: string;
}

/** What a deployment pays that gives no price of its own; null when nobody knows. */
export const priceOfQuery = (project: string, one: Priced) =>
  queryOptions({
    queryKey: ["price-of", project, one],
    queryFn: async ({ signal }) =>
      (await answered(
        api.GET("/api/projects/{project_id}/prices/of", {
          params: { path: { project_id: project }, query: one },
          signal,
        }),
      )) ?? null,
    enabled: one.model !== "",
    staleTime: 300_000,
    placeholderData: keepPreviousData,
  });
