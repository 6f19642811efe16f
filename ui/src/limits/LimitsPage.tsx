// Limits and budgets of a project, and what calls that came twice and the cache saved it.
import { useQuery } from "@tanstack/react-query";
import { Gauge, Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { limitsQuery } from "../api/limits";
import type { Limit } from "../api/shapes";
import { DataTable } from "../design/DataTable";
import { Page, Section } from "../design/Page";
import { EmptyState, StaleNotice } from "../design/states";
import { useTableMemory } from "../design/table";
import { AllowedButton } from "../session/Allowed";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { useLimitColumns } from "./columns";
import { DuplicateRulesForm } from "./DuplicateRulesForm";
import { type Draft, draftOf, firstDraft } from "./draft";
import { LimitDetail } from "./LimitDetail";
import { LimitForm } from "./LimitForm";
import { useNames } from "./names";
import { RemoveLimit } from "./RemoveLimit";
import { Saved } from "./Saved";
import { TableBox } from "./TableBox";

const EVERY_MS = 5_000;
const ROW = 38;

export default function LimitsPage() {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const query = useQuery({ ...limitsQuery(project.id), refetchInterval: EVERY_MS });
  const rows = query.data ?? [];
  const [draft, setDraft] = useState<Draft | null>(null);
  const [removing, setRemoving] = useState<Limit | null>(null);
  const [open, setOpen] = useState<string | null>(null);
  const names = useNames();
  const columns = useLimitColumns(names, setDraft, setRemoving);
  const memory = useTableMemory("limits");
  const at = rows.findIndex((row) => row.id === open);
  const shown = rows[at];
  const step = (by: 1 | -1) => {
    const row = rows[at + by];
    return row && at >= 0 ? () => setOpen(row.id) : undefined;
  };
  const retry = () => void query.refetch();
  const addButton = (words: string) => (
    <AllowedButton may="edit" leftSection={<Plus size={15} />} onClick={() => setDraft(firstDraft())}>
      {words}
    </AllowedButton>
  );
  return (
    <Page title={t("budgets.title")} actions={addButton(t("budgets.add"))}>
      <Section help={t("budgets.intro")}>
        {query.isError && query.data && <StaleNotice reason={wordsOf(query.error)} onRetry={retry} />}
        <TableBox rows={rows.length} rowHeight={ROW} instead={query.isPending ? 170 : 290}>
          <DataTable<Limit>
            label={t("budgets.title")}
            columns={columns}
            rows={rows}
            rowId={(row) => row.id}
            memory={memory}
            rowHeight={ROW}
            loading={query.isPending}
            selected={open ?? undefined}
            onSelect={(row) => setOpen(row.id)}
            instead={
              query.isError ? (
                <Failure failure={query.error} onRetry={retry} />
              ) : (
                <EmptyState
                  icon={<Gauge size={28} strokeWidth={1.5} />}
                  title={t("budgets.empty")}
                  actions={addButton(t("budgets.first"))}
                >
                  {t("budgets.emptyHelp")}
                </EmptyState>
              )
            }
          />
        </TableBox>
      </Section>
      <Saved />
      <DuplicateRulesForm key={project.id} />
      {shown && (
        <LimitDetail
          limit={shown}
          names={names}
          onClose={() => setOpen(null)}
          onNext={step(1)}
          onPrevious={step(-1)}
          onEdit={() => setDraft(draftOf(shown))}
          onRemove={() => setRemoving(shown)}
        />
      )}
      {draft && <LimitForm draft={draft} limits={rows} names={names} onClose={() => setDraft(null)} />}
      {removing && <RemoveLimit limit={removing} names={names} onClose={() => setRemoving(null)} />}
    </Page>
  );
}
