// The people of an organisation and their roles.
import { Button, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { membersQuery, useChangeRole, useRemoveMember } from "../api/members";
import type { Member, Role } from "../api/shapes";
import { ConfirmDanger } from "../design/ConfirmDanger";
import { DataTable } from "../design/DataTable";
import { Page } from "../design/Page";
import { StaleNotice } from "../design/states";
import { Tag } from "../design/Tag";
import { RelativeTime } from "../design/Time";
import { type Column, useTableMemory } from "../design/table";
import { AllowedButton } from "../session/Allowed";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace, useSession } from "../session/session";
import { AddMember } from "./AddMember";
import { ROLES } from "./roles";

export default function MembersPage() {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { organisation } = usePlace();
  const query = useQuery(membersQuery(organisation.id));
  const [isAdding, setAdding] = useState(false);
  const [removed, setRemoved] = useState<Member | null>(null);
  const columns = useColumns(setRemoved);
  const memory = useTableMemory("members");
  const retry = () => void query.refetch();
  return (
    <Page
      title={t("members.title")}
      fills
      actions={
        <AllowedButton may="admin" leftSection={<Plus size={15} />} onClick={() => setAdding(true)}>
          {t("members.add")}
        </AllowedButton>
      }
    >
      <Text c="dimmed" size="sm" px={16} py={8} bg="var(--md-surface)">
        {t("members.intro", { organisation: organisation.name })}
      </Text>
      {query.isError && query.data && <StaleNotice reason={wordsOf(query.error)} onRetry={retry} />}
      <DataTable<Member>
        label={t("members.title")}
        columns={columns}
        rows={query.data ?? []}
        rowId={(member) => member.user_id}
        memory={memory}
        rowHeight={42}
        loading={query.isPending}
        instead={query.isError && <Failure failure={query.error} onRetry={retry} />}
      />
      {isAdding && <AddMember onClose={() => setAdding(false)} />}
      {removed && <RemoveMember member={removed} onClose={() => setRemoved(null)} />}
    </Page>
  );
}

function useColumns(remove: (member: Member) => void): Column<Member>[] {
  const { t, i18n } = useTranslation();
  const { user } = useSession();
  const { canAdmin } = usePlace();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `t` is new on each render; the language is what changes
  return useMemo(
    (): Column<Member>[] => [
      {
        id: "name",
        title: t("common.name"),
        width: 220,
        cell: (member) => (
          <>
            <strong>{member.name}</strong> {member.user_id === user.id && <Tag>{t("members.you")}</Tag>}
          </>
        ),
      },
      { id: "email", title: t("members.email"), width: 260, cell: (member) => member.email },
      { id: "role", title: t("members.role"), width: 420, cell: (member) => <RoleCell member={member} /> },
      {
        id: "since",
        title: t("members.since"),
        width: 110,
        cell: (member) => <RelativeTime at={member.created_at} />,
      },
      {
        id: "remove",
        title: "",
        width: 120,
        cell: (member) => (
          <Button
            variant="default"
            size="compact-xs"
            disabled={!canAdmin && member.user_id !== user.id}
            onClick={() => remove(member)}
          >
            {t("members.remove")}
          </Button>
        ),
      },
    ],
    [i18n.language, canAdmin, user.id, remove],
  );
}

function RoleCell({ member }: { member: Member }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { organisation, canAdmin } = usePlace();
  const change = useChangeRole(organisation.id);
  return (
    <div style={{ display: "flex", gap: 10, alignItems: "center" }}>
      <Select
        size="xs"
        w={120}
        aria-label={`${t("members.role")}: ${member.name}`}
        data={ROLES.map((role) => ({ value: role, label: t(`members.roles.${role}`) }))}
        value={member.role}
        disabled={!canAdmin || change.isPending}
        onChange={(role) => role && change.mutate({ user: member.user_id, role: role as Role })}
        allowDeselect={false}
      />
      {change.isError ? (
        <Text role="alert" size="xs" c="var(--md-error)" truncate title={wordsOf(change.error)}>
          {wordsOf(change.error)}
        </Text>
      ) : (
        <Text size="xs" c="dimmed" truncate>
          {t(`members.roleHelp.${member.role}`)}
        </Text>
      )}
    </div>
  );
}

function RemoveMember({ member, onClose }: { member: Member; onClose: () => void }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { organisation } = usePlace();
  const remove = useRemoveMember(organisation.id);
  return (
    <ConfirmDanger
      title={t("members.removeTitle", { name: member.name })}
      phrase={member.email}
      action={t("members.remove")}
      busy={remove.isPending}
      failed={remove.isError ? wordsOf(remove.error) : undefined}
      onConfirm={() => remove.mutate(member.user_id, { onSuccess: onClose })}
      onClose={onClose}
    >
      {t("members.removeHelp", { organisation: organisation.name })}
    </ConfirmDanger>
  );
}
