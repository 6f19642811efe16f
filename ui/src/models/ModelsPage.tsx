// The models of a project: the names callers use, what stands behind each, and how it did in the last 24 hours.
import { ActionIcon, Button, Group, TextInput, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Boxes, Plus, Search, ShieldCheck } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { modelsActivityQuery } from "../api/deployments";
import { modelsQuery } from "../api/models";
import type { Model } from "../api/shapes";
import { DataTable } from "../design/DataTable";
import { ButtonLink } from "../design/links";
import { Page } from "../design/Page";
import { EmptyState, StaleNotice } from "../design/states";
import { TableMenu } from "../design/TableMenu";
import { useTableMemory } from "../design/table";
import { AllowedButton } from "../session/Allowed";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { BlockVendors } from "./BlockVendors";
import classes from "./ModelsPage.module.css";
import { useModelColumns } from "./modelColumns";
import { matches } from "./search";

export default function ModelsPage() {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const navigate = useNavigate();
  const { q = "" } = useSearch({ from: "/shell/p/$project/models" });
  const query = useQuery({ ...modelsQuery(project.id), refetchInterval: 10_000 });
  const activity = useQuery(modelsActivityQuery(project.id));
  const columns = useModelColumns();
  const memory = useTableMemory("models");
  const [asksBlocks, setAsksBlocks] = useState(false);
  const rows = useMemo(() => query.data?.filter((model) => matches(model, q)) ?? [], [query.data, q]);
  const search = (words: string) =>
    void navigate({ to: ".", search: words ? { q: words } : {}, replace: true });
  const retry = () => void query.refetch();
  return (
    <Page
      title={t("models.title")}
      fills
      actions={
        <>
          <Tooltip label={t("blocks.title")}>
            <ActionIcon
              variant="default"
              size={30}
              aria-label={t("blocks.title")}
              onClick={() => setAsksBlocks(true)}
            >
              <ShieldCheck size={16} />
            </ActionIcon>
          </Tooltip>
          <TableMenu columns={columns} memory={memory} />
          <AddButton />
        </>
      }
    >
      <Group className={classes.bar} gap={16} wrap="nowrap">
        <TextInput
          size="xs"
          w={300}
          leftSection={<Search size={14} />}
          placeholder={t("models.filter")}
          aria-label={t("filter.label")}
          value={q}
          onChange={(event) => search(event.currentTarget.value)}
        />
        <span className={classes.intro}>{t("models.intro")}</span>
      </Group>
      {query.isError && query.data && <StaleNotice reason={wordsOf(query.error)} onRetry={retry} />}
      {activity.isError && !query.isError && (
        <StaleNotice reason={wordsOf(activity.error)} onRetry={() => void activity.refetch()} />
      )}
      <DataTable<Model>
        label={t("models.title")}
        columns={columns}
        rows={rows}
        rowId={(model) => model.alias}
        memory={memory}
        loading={query.isPending}
        isFaint={(model) => model.deployments.every((one) => !one.enabled)}
        onSelect={(model) =>
          void navigate({
            to: "/p/$project/models/view/$",
            params: { project: project.id, _splat: model.alias },
          })
        }
        instead={
          query.isError ? (
            <Failure failure={query.error} onRetry={retry} />
          ) : query.data && query.data.length > 0 ? (
            <EmptyState
              icon={<Search size={28} strokeWidth={1.5} />}
              title={t("models.noMatch")}
              actions={
                <Button variant="default" onClick={() => search("")}>
                  {t("traces.clearFilter")}
                </Button>
              }
            >
              {t("models.noMatchHelp")}
            </EmptyState>
          ) : (
            <NoModels />
          )
        }
      />
      {asksBlocks && <BlockVendors onClose={() => setAsksBlocks(false)} />}
    </Page>
  );
}

function AddButton() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const navigate = useNavigate();
  return (
    <AllowedButton
      may="edit"
      leftSection={<Plus size={15} />}
      onClick={() => void navigate({ to: "/p/$project/models/new", params: { project: project.id } })}
    >
      {t("models.add")}
    </AllowedButton>
  );
}

function NoModels() {
  const { t } = useTranslation();
  const { project } = usePlace();
  return (
    <EmptyState
      icon={<Boxes size={28} strokeWidth={1.5} />}
      title={t("models.empty")}
      actions={
        <>
          <AddButton />
          <ButtonLink
            to="/p/$project/credentials"
            params={{ project: project.id }}
            search={{ add: true }}
            variant="default"
          >
            {t("credentials.add")}
          </ButtonLink>
        </>
      }
    >
      {t("models.emptyHelp")} {t("models.needCredential")}
    </EmptyState>
  );
}
