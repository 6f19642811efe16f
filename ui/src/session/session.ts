// Who is signed in and what they may do in the project of the address.
import {
  type QueryClient,
  queryOptions,
  useMutation,
  useQueryClient,
  useSuspenseQuery,
} from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { answered, api, csrf } from "../api/client";
import type { Organisation, ProfileChange, Project, Role, Session } from "../api/shapes";

const LAST_PROJECT = "madang.project";

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async () => kept(await answered(api.GET("/api/session"))),
  staleTime: 60_000,
  retry: false,
});

/** The session of a page that is only shown to signed-in people. */
export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

export interface Place {
  project: Project;
  organisation: Organisation;
  role: Role;
  /** May change models and keys. */
  canEdit: boolean;
  /** May change credentials, members and the project itself. */
  canAdmin: boolean;
}

/** The project with this id as the person sees it; null when they do not. */
export function placeOf(session: Session, projectId: string): Place | null {
  for (const organisation of session.organisations) {
    const project = organisation.projects.find((one) => one.id === projectId);
    if (!project) continue;
    const role = organisation.role;
    const canAdmin = role === "owner" || role === "admin";
    return { project, organisation, role, canAdmin, canEdit: canAdmin || role === "member" };
  }
  return null;
}

/** The project in the address. Pages under `/p/…` are only drawn when there is one. */
export function usePlace(): Place {
  const session = useSession();
  const { project } = useParams({ strict: false });
  const place = placeOf(session, project ?? "");
  if (!place) throw new Error("A page of a project was drawn outside of one.");
  return place;
}

/** Where to go when the address names no project: the last one visited, else the sandbox, which answers without any key. */
export function homeProject(session: Session): string | null {
  const all = session.organisations.flatMap((organisation) => organisation.projects);
  const last = localStorage.getItem(LAST_PROJECT);
  const chosen = all.find((one) => one.id === last) ?? all.find((one) => one.is_sandbox) ?? all[0];
  return chosen?.id ?? null;
}

export function rememberProject(id: string): void {
  localStorage.setItem(LAST_PROJECT, id);
}

export async function signIn(queries: QueryClient, email: string, password: string): Promise<void> {
  const body = { email, password };
  queries.setQueryData(sessionQuery.queryKey, kept(await answered(api.POST("/api/sign-in", { body }))));
}

export async function signInByLink(queries: QueryClient, token: string): Promise<void> {
  const body = { token };
  queries.setQueryData(sessionQuery.queryKey, kept(await answered(api.POST("/api/sign-in/link", { body }))));
}

export async function signOut(): Promise<void> {
  await answered(api.POST("/api/sign-out"));
}

export function useChangeProfile() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ProfileChange) => answered(api.PATCH("/api/profile", { body })),
    onSuccess: (session) => queries.setQueryData(sessionQuery.queryKey, kept(session)),
  });
}

function kept(session: Session): Session {
  csrf.token = session.csrf_token;
  return session;
}
