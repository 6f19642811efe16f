// What is shown when there is no page: still loading, no such address, no project, or the page itself broke.
import { Button, Center, Loader } from "@mantine/core";
import { useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ButtonLink } from "../design/links";
import { EmptyState, FailedState, NotFoundState } from "../design/states";
import { useWordsOf } from "../session/failure";
import { signOut } from "../session/session";

export function LoadingPage() {
  const { t } = useTranslation();
  return (
    <Center h="100%" mih={240}>
      <Loader size="sm" aria-label={t("common.loading")} />
    </Center>
  );
}

export function MissingPage() {
  const { t } = useTranslation();
  return (
    <main id="content">
      <NotFoundState
        isPage
        actions={
          <ButtonLink to="/" variant="default">
            {t("nav.home")}
          </ButtonLink>
        }
      />
    </main>
  );
}

export function NoProjectPage() {
  const { t } = useTranslation();
  return (
    <main id="content">
      <EmptyState
        isPage
        title={t("shell.noProject")}
        actions={
          <Button
            variant="default"
            onClick={() => void signOut().then(() => window.location.assign("/sign-in"))}
          >
            {t("signIn.out")}
          </Button>
        }
      >
        {t("shell.noProjectHelp")}
      </EmptyState>
    </main>
  );
}

export function CrashPage({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter();
  const wordsOf = useWordsOf();
  return (
    <main id="content">
      <FailedState
        reason={wordsOf(error)}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </main>
  );
}
