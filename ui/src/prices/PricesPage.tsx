// What models cost: the list as this project pays it, and the prices it agreed with its vendors.
import { SegmentedControl, Text, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { CircleDollarSign, Plus, Search } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ownPricesQuery, pricesQuery } from "../api/prices";
import type { ModelPrice } from "../api/shapes";
import { DataTable } from "../design/DataTable";
import { Page } from "../design/Page";
import { EmptyState, StaleNotice } from "../design/states";
import { TableMenu } from "../design/TableMenu";
import { useTableMemory } from "../design/table";
import { AllowedButton } from "../session/Allowed";
import { Failure } from "../session/Failure";
import { useWordsOf } from "../session/failure";
import { usePlace } from "../session/session";
import { useListColumns } from "./columns";
import { OwnPrices } from "./OwnPrices";
import { PriceDetail } from "./PriceDetail";
import { type Draft, draftOf, PriceForm } from "./PriceForm";

const TYPING_MS = 250;

export default function PricesPage() {
  const { t } = useTranslation();
  const { project } = usePlace();
  const { own } = useSearch({ from: "/shell/p/$project/prices" });
  const navigate = useNavigate();
  const count = useQuery(ownPricesQuery(project.id)).data?.length ?? 0;
  const [draft, setDraft] = useState<Draft | null>(null);
  return (
    <Page
      title={t("prices.title")}
      fills
      beside={
        <SegmentedControl
          size="xs"
          aria-label={t("prices.title")}
          data={[
            { value: "list", label: t("prices.list") },
            { value: "own", label: count > 0 ? `${t("prices.own")} (${count})` : t("prices.own") },
          ]}
          value={own ? "own" : "list"}
          onChange={(view) =>
            void navigate({
              to: ".",
              search: ({ q }: { q?: string }) => ({
                ...(q ? { q } : {}),
                ...(view === "own" ? { own: true } : {}),
              }),
            })
          }
        />
      }
      actions={
        <AllowedButton may="edit" leftSection={<Plus size={15} />} onClick={() => setDraft(draftOf(null))}>
          {t("prices.add")}
        </AllowedButton>
      }
    >
      <Text c="dimmed" size="sm" px={16} py={8} bg="var(--md-surface)">
        {t("prices.intro")}
      </Text>
      {own ? <OwnPrices onEdit={setDraft} /> : <PriceList onOwn={setDraft} />}
      {draft && <PriceForm draft={draft} onClose={() => setDraft(null)} />}
    </Page>
  );
}

function PriceList({ onOwn }: { onOwn: (draft: Draft) => void }) {
  const { t } = useTranslation();
  const wordsOf = useWordsOf();
  const { project } = usePlace();
  const { q = "" } = useSearch({ from: "/shell/p/$project/prices" });
  const navigate = useNavigate();
  const [typed, setTyped] = useState(q);
  const look = useDebouncedCallback(
    (words: string) => void navigate({ to: ".", search: words ? { q: words } : {}, replace: true }),
    TYPING_MS,
  );
  const query = useInfiniteQuery(pricesQuery(project.id, q));
  const own = useQuery(ownPricesQuery(project.id));
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const columns = useListColumns();
  const memory = useTableMemory("prices");
  const [open, setOpen] = useState<string | null>(null);
  const at = rows.findIndex((row) => rowId(row) === open);
  const shown = rows[at];
  const step = (by: 1 | -1) => {
    const row = rows[at + by];
    return row && at >= 0 ? () => setOpen(rowId(row)) : undefined;
  };
  const retry = () => void query.refetch();
  const fetchMore = useCallback(() => {
    if (query.hasNextPage && !query.isFetchingNextPage && !query.isError) void query.fetchNextPage();
  }, [query.hasNextPage, query.isFetchingNextPage, query.isError, query.fetchNextPage]);
  return (
    <>
      <div
        style={{
          display: "flex",
          gap: 8,
          padding: "0 12px 8px",
          background: "var(--md-surface)",
          borderBottom: "1px solid var(--md-line)",
        }}
      >
        <TextInput
          style={{ flex: 1, maxWidth: 420 }}
          size="xs"
          leftSection={<Search size={14} />}
          placeholder={t("prices.search")}
          aria-label={t("prices.search")}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            look(event.currentTarget.value.trim());
          }}
        />
        <span style={{ flex: 1 }} />
        <TableMenu columns={columns} memory={memory} />
      </div>
      {query.isError && rows.length > 0 && <StaleNotice reason={wordsOf(query.error)} onRetry={retry} />}
      <DataTable<ModelPrice>
        label={t("prices.list")}
        columns={columns}
        rows={rows}
        rowId={rowId}
        memory={memory}
        loading={query.isPending}
        selected={open ?? undefined}
        onSelect={(row) => setOpen(rowId(row))}
        onEnd={fetchMore}
        loadingMore={query.isFetchingNextPage}
        instead={
          query.isError ? (
            <Failure failure={query.error} onRetry={retry} />
          ) : (
            <EmptyState
              icon={<CircleDollarSign size={28} strokeWidth={1.5} />}
              title={t("prices.nothing", { words: q })}
            >
              {t("prices.nothingHelp")}
            </EmptyState>
          )
        }
      />
      {shown && (
        <PriceDetail
          price={shown}
          onClose={() => setOpen(null)}
          onNext={step(1)}
          onPrevious={step(-1)}
          onOwn={() => onOwn(draftOf(shown, own.data))}
        />
      )}
    </>
  );
}

function rowId({ vendor, model }: ModelPrice): string {
  return `${vendor} ${model}`;
}
