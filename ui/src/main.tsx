// Where the pages start: theme, words, server state, router.
import "@mantine/core/styles.css";
import "./design/global.css";
import { MantineProvider } from "@mantine/core";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApiError } from "./api/client";
import { cssVariables, theme } from "./design/tokens";
import { createPages } from "./routes";
import { startWords } from "./words";

startWords();

const toSignIn = (failure: unknown) => {
  const { pathname, href } = router.state.location;
  if (failure instanceof ApiError && failure.status === 401 && pathname !== "/sign-in") {
    queries.removeQueries({ queryKey: ["session"] });
    void router.navigate({ to: "/sign-in", search: { next: href } });
  }
};

const queries = new QueryClient({
  queryCache: new QueryCache({ onError: toSignIn }),
  mutationCache: new MutationCache({ onError: toSignIn }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal stays one; only silence and trouble on the other side are worth a second try.
      retry: (count, failure) =>
        count < 1 && failure instanceof ApiError && (failure.status === 0 || failure.status === 502),
    },
  },
});
const router = createPages(queries);

createRoot(document.getElementById("root") as HTMLElement).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
