// The API keys of a project.
import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { KeyRound, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { keysQuery, useRevokeKey } from "../api/keys";
import type { Key } from "../api/shapes";
import { ConfirmDanger } from "../design/ConfirmDanger";
import { CopyIcon } from "../design/Copy";
import { DataTable } from "../design/DataTable";
import { Page } from "../design/Page";
import { EmptyState, StaleNotice } from "../design/states";
import { StatusDot } from "../design/Tag";
import { RelativeTime } from "../design/Time";
import { type Column, useTableMemory } from "../design/table";
import { AllowedButton } from "../session/Allowed";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { CreateKey } from "./CreateKey";

export default function KeysPage() {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project, canEdit } = usePlace();
  const { add } = useSearch({ from: "/shell/p/$project/keys" });
  const navigate = useNavigate();
  const query = useQuery(keysQuery(project.id));
  const [isCreating, setCreating] = useState(Boolean(add) && canEdit);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const columns = useColumns(canEdit, setRevoking);
  const memory = useTableMemory("keys");
  const retry = () => void query.refetch();
  const close = () => {
    setCreating(false);
    if (add) void navigate({ to: ".", search: {}, replace: true });
  };
  const addButton = (
    <AllowedButton may="edit" leftSection={<Plus size={15} />} onClick={() => setCreating(true)}>
      {t("keys.add")}
    </AllowedButton>
  );
  return (
    <Page title={t("keys.title")} fills actions={addButton}>
      <Text c="dimmed" size="sm" px={16} py={8} bg="var(--md-surface)">
        {t("keys.intro")}
      </Text>
      {query.isError && query.data && <StaleNotice reason={wordsOf(query.error)} onRetry={retry} />}
      <DataTable<Key>
        label={t("keys.title")}
        columns={columns}
        rows={query.data ?? []}
        rowId={(key) => key.id}
        memory={memory}
        rowHeight={38}
        loading={query.isPending}
        isFaint={(key) => key.revoked_at !== null}
        instead={
          query.isError ? (
            <Failure failure={query.error} onRetry={retry} />
          ) : (
            <EmptyState
              icon={<KeyRound size={28} strokeWidth={1.5} />}
              title={t("keys.empty")}
              actions={addButton}
            >
              {t("keys.emptyHelp")}
            </EmptyState>
          )
        }
      />
      {isCreating && <CreateKey onClose={close} />}
      {revoking && <RevokeKey revoked={revoking} onClose={() => setRevoking(null)} />}
    </Page>
  );
}

function useColumns(canEdit: boolean, revoke: (key: Key) => void): Column<Key>[] {
  const { t, i18n } = useTranslation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` is new on each render; the language is what changes
  return useMemo(
    (): Column<Key>[] => [
      { id: "name", title: t("common.name"), width: 200, cell: (key) => <strong>{key.name}</strong> },
      {
        id: "state",
        title: t("keys.state"),
        width: 110,
        cell: (key) =>
          key.revoked_at ? (
            <StatusDot tone="plain">{t("keys.revoked")}</StatusDot>
          ) : (
            <StatusDot tone="ok">{t("keys.active")}</StatusDot>
          ),
      },
      {
        id: "public",
        title: t("keys.publicKey"),
        width: 300,
        cell: (key) => (
          <>
            <code>{key.public_key}</code> <CopyIcon value={key.public_key} size={20} />
          </>
        ),
      },
      {
        id: "secret",
        title: t("keys.secret"),
        width: 110,
        cell: (key) => <code>sk-…{key.secret_hint}</code>,
      },
      {
        id: "used",
        title: t("keys.lastUsed"),
        width: 120,
        cell: (key) => <RelativeTime at={key.last_used_at} never={t("common.never")} />,
      },
      {
        id: "created",
        title: t("common.created"),
        width: 110,
        cell: (key) => <RelativeTime at={key.created_at} />,
      },
      { id: "by", title: t("keys.by"), width: 160, cell: (key) => key.created_by ?? "" },
      {
        id: "revoke",
        title: "",
        width: 100,
        cell: (key) =>
          key.revoked_at === null && (
            <Button variant="default" size="compact-xs" disabled={!canEdit} onClick={() => revoke(key)}>
              {t("keys.revoke")}
            </Button>
          ),
      },
    ],
    [i18n.language, canEdit, revoke],
  );
}

function RevokeKey({ revoked, onClose }: { revoked: Key; onClose: () => void }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const revoke = useRevokeKey(project.id);
  return (
    <ConfirmDanger
      title={t("keys.revokeTitle", { name: revoked.name })}
      phrase={revoked.name}
      action={t("keys.revoke")}
      busy={revoke.isPending}
      failed={revoke.isError ? wordsOf(revoke.error) : undefined}
      onConfirm={() => revoke.mutate(revoked.id, { onSuccess: onClose })}
      onClose={onClose}
    >
      {t("keys.revokeHelp")}
    </ConfirmDanger>
  );
}
