// The states a page is in when it has nothing to show: empty, failed, forbidden, not found.
import { Button, Group, Text, Title } from "@mantine/core";
import { CircleAlert, FileQuestion, Inbox, Lock, RefreshCw } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import classes from "./states.module.css";

interface StateProps {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  /** The state is the whole page, so its title is the page's. */
  isPage?: boolean;
}

export function EmptyState({ icon, title, children, actions, isPage }: StateProps) {
  return (
    <div className={classes.state}>
      <div className={classes.icon}>{icon ?? <Inbox size={28} strokeWidth={1.5} />}</div>
      <Title order={isPage ? 1 : 2} size="h2">
        {title}
      </Title>
      {children && (
        <Text component="div" c="dimmed" maw={520}>
          {children}
        </Text>
      )}
      {actions && (
        <Group mt="xs" gap="xs" justify="center">
          {actions}
        </Group>
      )}
    </div>
  );
}

/** What went wrong, in words, with a way to try again. */
export function FailedState({ reason, onRetry }: { reason: string; onRetry?: () => void }) {
  const { t } = useTranslation();
  return (
    <div role="alert">
      <EmptyState
        icon={<CircleAlert size={28} strokeWidth={1.5} color="var(--md-error)" />}
        title={t("design.failedTitle")}
        actions={
          onRetry && (
            <Button variant="default" leftSection={<RefreshCw size={14} />} onClick={onRetry}>
              {t("common.retry")}
            </Button>
          )
        }
      >
        {reason}
      </EmptyState>
    </div>
  );
}

export function ForbiddenState({ who }: { who: string }) {
  const { t } = useTranslation();
  return (
    <EmptyState icon={<Lock size={28} strokeWidth={1.5} />} title={t("design.forbiddenTitle")}>
      {t("design.forbiddenHelp", { organisation: who })}
    </EmptyState>
  );
}

export function NotFoundState({ actions, isPage }: { actions?: ReactNode; isPage?: boolean }) {
  const { t } = useTranslation();
  return (
    <EmptyState
      icon={<FileQuestion size={28} strokeWidth={1.5} />}
      title={t("design.notFoundTitle")}
      actions={actions}
      isPage={isPage}
    >
      {t("design.notFoundHelp")}
    </EmptyState>
  );
}

/** A line above content that is still shown although its last refresh failed. */
export function StaleNotice({ reason, onRetry }: { reason: string; onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={classes.stale} role="alert">
      <CircleAlert size={14} />
      <span>{t("design.failedKept", { reason })}</span>
      <Button size="compact-xs" variant="default" onClick={onRetry}>
        {t("common.retry")}
      </Button>
    </div>
  );
}
