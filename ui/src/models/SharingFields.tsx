// How calls are shared among deployments: by what measure, which regions first, who stays where.
import { Group, Radio, Select, SimpleGrid, TagsInput } from "@mantine/core";
import type { TFunction } from "i18next";
import { useTranslation } from "react-i18next";
import type { Strategy } from "../api/shapes";
import { Fold } from "../design/Fold";
import type { ModelDraft } from "./draft";
import type { EditorPart } from "./ModelEditor";

const STRATEGIES: Strategy[] = ["weighted", "latency", "cost", "least_busy"];
const FOLDED = ["strategy", "prefer_regions", "sticky_by"];

export function SharingFields({ draft, set, errorOf }: EditorPart) {
  const { t } = useTranslation();
  const regions = [...new Set(draft.deployments.map((one) => one.region.trim()).filter(Boolean))];
  return (
    <Fold
      title={t("routing.sharing")}
      chosen={chosenWords(t, draft)}
      opens={FOLDED.some((name) => errorOf(`routing.${name}`))}
    >
      <Radio.Group
        label={t("routing.strategy")}
        description={t("routing.strategyHelp")}
        value={draft.strategy}
        onChange={(chosen) => set({ strategy: chosen as Strategy })}
        error={errorOf("routing.strategy")}
        mb="md"
      >
        <SimpleGrid cols={2} spacing={10} mt={8}>
          {STRATEGIES.map((one) => (
            <Radio
              key={one}
              size="xs"
              value={one}
              label={t(`strategies.${one}`)}
              description={t(`strategies.${one}Help`)}
            />
          ))}
        </SimpleGrid>
      </Radio.Group>
      <Group grow align="flex-start">
        <TagsInput
          label={t("routing.regions")}
          description={t("routing.regionsHelp")}
          data={regions}
          value={draft.prefer_regions}
          onChange={(chosen) => set({ prefer_regions: chosen })}
          error={errorOf("routing.prefer_regions")}
          placeholder={draft.prefer_regions.length === 0 ? t("common.none") : undefined}
        />
        <Select
          label={t("routing.sticky")}
          description={t("routing.stickyHelp")}
          data={(["none", "session", "user"] as const).map((one) => ({
            value: one,
            label: t(`stickyBy.${one}`),
          }))}
          value={draft.sticky_by}
          onChange={(chosen) => chosen && set({ sticky_by: chosen as ModelDraft["sticky_by"] })}
          error={errorOf("routing.sticky_by")}
          allowDeselect={false}
        />
      </Group>
    </Fold>
  );
}

function chosenWords(t: TFunction, draft: ModelDraft): string {
  const words: string[] = [t(`strategies.${draft.strategy}`)];
  if (draft.prefer_regions.length > 0)
    words.push(t("routing.regionsChosen", { regions: draft.prefer_regions.join(", ") }));
  if (draft.sticky_by !== "none") words.push(t(`stickyBy.${draft.sticky_by}`));
  return words.join(" · ");
}
