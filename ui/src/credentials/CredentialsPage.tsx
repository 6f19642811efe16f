// The credentials of a project: which vendors' keys there are, who uses them, and whether they work.
import { ActionIcon, Button, Group, Menu, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Ellipsis, Pencil, Plus, Trash2, Vault } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { credentialsQuery, useDeleteCredential } from "../api/credentials";
import type { Credential } from "../api/shapes";
import { VendorMark } from "../calls/VendorMark";
import { ConfirmDanger } from "../design/ConfirmDanger";
import { DataTable } from "../design/DataTable";
import { Page } from "../design/Page";
import { EmptyState, StaleNotice } from "../design/states";
import { RelativeTime } from "../design/Time";
import { type Column, useTableMemory } from "../design/table";
import { AllowedButton } from "../session/Allowed";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { CheckCell } from "./CheckCell";
import { CredentialForm } from "./CredentialForm";

type Opened = { what: "add" } | { what: "edit" | "delete"; credential: Credential } | null;

export default function CredentialsPage() {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project, canAdmin } = usePlace();
  const { add } = useSearch({ from: "/shell/p/$project/credentials" });
  const navigate = useNavigate();
  const query = useQuery(credentialsQuery(project.id));
  const [opened, setOpened] = useState<Opened>(add && canAdmin ? { what: "add" } : null);
  const columns = useColumns(canAdmin, setOpened);
  const memory = useTableMemory("credentials");
  const retry = () => void query.refetch();
  const close = () => {
    setOpened(null);
    if (add) void navigate({ to: ".", search: {}, replace: true });
  };
  const addButton = (
    <AllowedButton may="admin" leftSection={<Plus size={15} />} onClick={() => setOpened({ what: "add" })}>
      {t("credentials.add")}
    </AllowedButton>
  );
  return (
    <Page title={t("credentials.title")} fills actions={addButton}>
      <Text c="dimmed" size="sm" px={16} py={8} bg="var(--md-surface)">
        {t("credentials.intro")}
      </Text>
      {query.isError && query.data && <StaleNotice reason={wordsOf(query.error)} onRetry={retry} />}
      <DataTable<Credential>
        label={t("credentials.title")}
        columns={columns}
        rows={query.data ?? []}
        rowId={(credential) => credential.id}
        memory={memory}
        rowHeight={38}
        loading={query.isPending}
        instead={
          query.isError ? (
            <Failure failure={query.error} onRetry={retry} />
          ) : (
            <EmptyState
              icon={<Vault size={28} strokeWidth={1.5} />}
              title={t("credentials.empty")}
              actions={addButton}
            >
              {t("credentials.emptyHelp")}
            </EmptyState>
          )
        }
      />
      {opened?.what === "add" && <CredentialForm credential={null} onClose={close} />}
      {opened?.what === "edit" && <CredentialForm credential={opened.credential} onClose={close} />}
      {opened?.what === "delete" && <DeleteCredential credential={opened.credential} onClose={close} />}
    </Page>
  );
}

function useColumns(canAdmin: boolean, open: (opened: Opened) => void): Column<Credential>[] {
  const { t, i18n } = useTranslation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` is new on each render; the language is what changes
  return useMemo(
    (): Column<Credential>[] => [
      {
        id: "name",
        title: t("common.name"),
        width: 170,
        cell: (credential) => <strong>{credential.name}</strong>,
      },
      {
        id: "vendor",
        title: t("credentials.vendor"),
        width: 190,
        cell: (credential) => <VendorMark vendor={credential.vendor} named />,
      },
      {
        id: "key",
        title: t("credentials.apiKey"),
        width: 80,
        cell: (credential) => <code>{credential.has_key ? `…${credential.secret_hint}` : "–"}</code>,
      },
      {
        id: "check",
        title: t("credentials.check"),
        width: 310,
        cell: (credential) => <CheckCell id={credential.id} isAllowed={canAdmin} />,
      },
      {
        id: "used_by",
        title: t("credentials.usedBy"),
        width: 160,
        cell: (credential) =>
          credential.used_by.length > 0 ? (
            <span title={credential.used_by.join(", ")}>{credential.used_by.join(", ")}</span>
          ) : (
            <Text span c="dimmed" size="sm">
              {t("credentials.unused")}
            </Text>
          ),
      },
      {
        id: "updated",
        title: t("credentials.updated"),
        width: 100,
        cell: (one) => <RelativeTime at={one.updated_at} />,
      },
      {
        id: "more",
        title: "",
        width: 120,
        cell: (credential) => (
          <Group gap={4} wrap="nowrap">
            <Button
              variant="default"
              size="compact-xs"
              disabled={!canAdmin}
              leftSection={<Pencil size={12} />}
              onClick={() => open({ what: "edit", credential })}
            >
              {t("common.edit")}
            </Button>
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  size={24}
                  disabled={!canAdmin}
                  aria-label={`${t("common.more")}: ${credential.name}`}
                >
                  <Ellipsis size={15} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item
                  leftSection={<Trash2 size={14} />}
                  onClick={() => open({ what: "delete", credential })}
                >
                  {t("common.delete")}
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        ),
      },
      {
        id: "url",
        title: t("credentials.baseUrl"),
        width: 260,
        cell: (credential) => credential.base_url ?? "",
      },
    ],
    [i18n.language, canAdmin, open],
  );
}

function DeleteCredential({ credential, onClose }: { credential: Credential; onClose: () => void }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const remove = useDeleteCredential(project.id);
  return (
    <ConfirmDanger
      title={t("credentials.deleteTitle", { name: credential.name })}
      phrase={credential.name}
      action={t("common.delete")}
      busy={remove.isPending}
      failed={remove.isError ? wordsOf(remove.error) : undefined}
      onConfirm={() => remove.mutate(credential.id, { onSuccess: onClose })}
      onClose={onClose}
    >
      {t("credentials.deleteHelp")}{" "}
      {credential.used_by.length > 0 &&
        t("credentials.deleteUsed", { models: credential.used_by.join(", ") })}
    </ConfirmDanger>
  );
}
