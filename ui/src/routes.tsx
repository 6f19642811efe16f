// Every page and its address. Pages are loaded when they are first visited.
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { ApiError } from "./api/client";
import { readRouteView } from "./models/routeView";
import { homeProject, placeOf, rememberProject, sessionQuery } from "./session/session";
import { CrashPage, LoadingPage, MissingPage, NoProjectPage } from "./shell/edges";
import { Shell } from "./shell/Shell";
import { readSearch } from "./traces/view";

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Outlet,
  notFoundComponent: MissingPage,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (raw: Record<string, unknown>) => ({
    ...(raw.token === undefined ? {} : { token: String(raw.token) }),
    // Only addresses of our own: one that begins with two slashes would lead to another server.
    ...(typeof raw.next === "string" && /^\/(?![/\\])/.test(raw.next) ? { next: raw.next } : {}),
  }),
  component: lazyRouteComponent(() => import("./sign-in/SignInPage")),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: async ({ context, location }) => {
    try {
      return { session: await context.queries.ensureQueryData(sessionQuery) };
    } catch (failure) {
      if (failure instanceof ApiError && failure.status === 401)
        throw redirect({ to: "/sign-in", search: { next: location.href } });
      throw failure;
    }
  },
  component: Outlet,
});

const start = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: ({ context }) => {
    const project = homeProject(context.session);
    if (project) throw redirect({ to: "/p/$project", params: { project } });
  },
  component: NoProjectPage,
});

const project = createRoute({
  getParentRoute: () => shell,
  path: "/p/$project",
  beforeLoad: ({ context, params }) => {
    if (placeOf(context.session, params.project)) rememberProject(params.project);
  },
  component: Shell,
});

const home = createRoute({
  getParentRoute: () => project,
  path: "/",
  component: lazyRouteComponent(() => import("./home/HomePage")),
});

const traces = createRoute({
  getParentRoute: () => project,
  path: "/traces",
  validateSearch: readSearch,
  component: lazyRouteComponent(() => import("./traces/TracesPage")),
});

const trace = createRoute({
  getParentRoute: () => project,
  path: "/traces/$trace",
  validateSearch: (raw: Record<string, unknown>) => ({
    ...(raw.span === undefined ? {} : { span: String(raw.span) }),
    ...(raw.tab === undefined ? {} : { tab: String(raw.tab) }),
  }),
  component: lazyRouteComponent(() => import("./traces/TracePage")),
});

const models = createRoute({
  getParentRoute: () => project,
  path: "/models",
  validateSearch: (raw: Record<string, unknown>): { q?: string } =>
    raw.q === undefined || raw.q === "" ? {} : { q: String(raw.q) },
  component: lazyRouteComponent(() => import("./models/ModelsPage")),
});

const newModel = createRoute({
  getParentRoute: () => project,
  path: "/models/new",
  component: lazyRouteComponent(() => import("./models/EditModelPage")),
});

const model = createRoute({
  getParentRoute: () => project,
  // The name of a model may hold slashes, so it is all that is left of the address.
  path: "/models/view/$",
  validateSearch: readRouteView,
  component: lazyRouteComponent(() => import("./models/ModelPage")),
});

const editModel = createRoute({
  getParentRoute: () => project,
  path: "/models/edit/$",
  component: lazyRouteComponent(() => import("./models/EditModelPage")),
});

const prices = createRoute({
  getParentRoute: () => project,
  path: "/prices",
  validateSearch: (raw: Record<string, unknown>): { q?: string; own?: boolean } => ({
    ...(raw.q === undefined || raw.q === "" ? {} : { q: String(raw.q) }),
    ...(raw.own ? { own: true } : {}),
  }),
  component: lazyRouteComponent(() => import("./prices/PricesPage")),
});

const limits = createRoute({
  getParentRoute: () => project,
  path: "/limits",
  // How far back "Saved" looks; a day unless it says more.
  validateSearch: (raw: Record<string, unknown>): { hours?: number } =>
    Number(raw.hours) === 168 ? { hours: 168 } : {},
  component: lazyRouteComponent(() => import("./limits/LimitsPage")),
});

const drills = createRoute({
  getParentRoute: () => project,
  path: "/drill",
  // A model to begin with, or an earlier drill whose plan fills the form.
  validateSearch: (raw: Record<string, unknown>): { model?: string; again?: string } => ({
    ...(raw.model === undefined ? {} : { model: String(raw.model) }),
    ...(raw.again === undefined ? {} : { again: String(raw.again) }),
  }),
  component: lazyRouteComponent(() => import("./drill/DrillPage")),
});

const drill = createRoute({
  getParentRoute: () => project,
  path: "/drill/$drill",
  // The drill to hold this one against.
  validateSearch: (raw: Record<string, unknown>): { beside?: string } =>
    raw.beside === undefined ? {} : { beside: String(raw.beside) },
  component: lazyRouteComponent(() => import("./drill/ResultPage")),
});

const credentials = createRoute({
  getParentRoute: () => project,
  path: "/credentials",
  validateSearch: (raw: Record<string, unknown>): { add?: boolean } => (raw.add ? { add: true } : {}),
  component: lazyRouteComponent(() => import("./credentials/CredentialsPage")),
});

const keys = createRoute({
  getParentRoute: () => project,
  path: "/keys",
  validateSearch: (raw: Record<string, unknown>): { add?: boolean } => (raw.add ? { add: true } : {}),
  component: lazyRouteComponent(() => import("./keys/KeysPage")),
});

const settingsProject = createRoute({
  getParentRoute: () => project,
  path: "/settings/project",
  component: lazyRouteComponent(() => import("./project/ProjectPage")),
});

const settingsMembers = createRoute({
  getParentRoute: () => project,
  path: "/settings/members",
  component: lazyRouteComponent(() => import("./members/MembersPage")),
});

const settingsProfile = createRoute({
  getParentRoute: () => project,
  path: "/settings/profile",
  component: lazyRouteComponent(() => import("./profile/ProfilePage")),
});

const tree = root.addChildren([
  signIn,
  shell.addChildren([
    start,
    project.addChildren([
      home,
      traces,
      trace,
      models,
      newModel,
      model,
      editModel,
      prices,
      limits,
      drills,
      drill,
      credentials,
      keys,
      settingsProject,
      settingsMembers,
      settingsProfile,
    ]),
  ]),
]);

export function createPages(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: "intent",
    defaultPendingComponent: LoadingPage,
    defaultErrorComponent: CrashPage,
    defaultNotFoundComponent: MissingPage,
    scrollRestoration: false,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createPages>;
  }
}
