// What happens when something goes wrong: other models after one class of failure, a second request beside a slow one,
// and streams that break.
import { MultiSelect, Radio, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { FailureClass } from "../api/shapes";
import { Fold } from "../design/Fold";
import { FAILURE_CLASSES, type Hedging, type ModelDraft } from "./draft";
import type { EditorPart } from "./ModelEditor";

type Then = "same" | "none" | "others";

export function RescueFields(props: EditorPart & { others: string[] }) {
  return (
    <>
      <AfterFailure {...props} />
      <SlowAndBroken {...props} />
    </>
  );
}

function AfterFailure({ draft, set, errorOf, others }: EditorPart & { others: string[] }) {
  const { t } = useTranslation();
  const own = FAILURE_CLASSES.filter((kind) => draft.fallbacks_after[kind] !== undefined);
  const change = (kind: FailureClass, aliases: string[] | undefined) => {
    const { [kind]: _before, ...rest } = draft.fallbacks_after;
    set({ fallbacks_after: aliases === undefined ? rest : { ...rest, [kind]: aliases } });
  };
  return (
    <Fold
      title={t("after.title")}
      chosen={own.length > 0 ? own.map((kind) => t(`moments.${kind}`)).join(", ") : t("after.chosenNone")}
      opens={FAILURE_CLASSES.some((kind) => errorOf(`routing.fallbacks_after.${kind}`))}
    >
      <Text size="sm" c="dimmed" mb="sm">
        {t("after.help")}
      </Text>
      <Stack gap={10}>
        {FAILURE_CLASSES.map((kind) => {
          const chosen = draft.fallbacks_after[kind];
          const then: Then = chosen === undefined ? "same" : chosen.length === 0 ? "none" : "others";
          return (
            <SimpleGrid key={kind} cols={3} spacing={12} style={{ gridTemplateColumns: "240px 220px 1fr" }}>
              <div>
                <Text size="sm" fw={500}>
                  {t(`moments.${kind}`)}
                </Text>
                <Text size="xs" c="dimmed">
                  {t(`moments.${kind}Help`)}
                </Text>
              </div>
              <Select
                size="xs"
                aria-label={t("after.who", { failure: t(`moments.${kind}`) })}
                data={[
                  { value: "same", label: t("after.same") },
                  { value: "others", label: t("after.others"), disabled: others.length === 0 },
                  { value: "none", label: t("after.none") },
                ]}
                value={then}
                onChange={(to) =>
                  change(kind, to === "same" ? undefined : to === "none" ? [] : others.slice(0, 1))
                }
                allowDeselect={false}
              />
              {then === "others" && (
                <MultiSelect
                  size="xs"
                  aria-label={t("after.models", { failure: t(`moments.${kind}`) })}
                  data={others}
                  value={chosen ?? []}
                  onChange={(aliases) => change(kind, aliases)}
                  error={errorOf(`routing.fallbacks_after.${kind}`)}
                  searchable
                />
              )}
            </SimpleGrid>
          );
        })}
      </Stack>
    </Fold>
  );
}

function SlowAndBroken({ draft, set, errorOf }: EditorPart) {
  const { t } = useTranslation();
  const chosen = `${t(`hedging.${draft.hedging}`)} · ${t(`onCut.${draft.on_cut}`)}`;
  const hedgeError = errorOf("routing.hedge_after_s") ?? errorOf("routing.hedges_at_p95");
  return (
    <Fold title={t("hedging.title")} chosen={chosen} opens={hedgeError !== undefined}>
      <SimpleGrid cols={2} spacing={24}>
        <Radio.Group
          label={t("hedging.label")}
          description={t("hedging.help")}
          value={draft.hedging}
          onChange={(to) => set({ hedging: to as Hedging })}
        >
          <Stack gap={8} mt={8}>
            {(["off", "p95", "after"] as const).map((one) => (
              <Radio key={one} size="xs" value={one} label={t(`hedging.${one}`)} />
            ))}
            {draft.hedging === "after" && (
              <TextInput
                size="xs"
                w={160}
                ml={24}
                aria-label={t("hedging.seconds")}
                placeholder={t("hedging.seconds")}
                inputMode="decimal"
                value={draft.hedge_after_s}
                onChange={(event) => set({ hedge_after_s: event.currentTarget.value })}
                error={hedgeError}
              />
            )}
          </Stack>
        </Radio.Group>
        <Radio.Group
          label={t("onCut.label")}
          description={t("onCut.help")}
          value={draft.on_cut}
          onChange={(to) => set({ on_cut: to as ModelDraft["on_cut"] })}
        >
          <Stack gap={8} mt={8}>
            {(["error", "continue"] as const).map((one) => (
              <Radio key={one} size="xs" value={one} label={t(`onCut.${one}`)} />
            ))}
          </Stack>
        </Radio.Group>
      </SimpleGrid>
    </Fold>
  );
}
